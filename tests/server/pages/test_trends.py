"""The trends of a history: what is not well first, in one unit, and told in words."""

from __future__ import annotations

import datetime as dt

from harness.ledger import Point, Sample
from harness.server.pages import trends

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


def point(value: float, outcome: str | None = "passed", unit: str = "ms") -> Point:
    """A measurement; without an outcome it has no limit either."""
    return Point(value, None, None, outcome and "<= 100 ms", outcome, unit)


def samples(*points: dict[str, Point]) -> list[Sample]:
    """One report a day, the last today."""
    first = NOW - dt.timedelta(days=len(points) - 1)
    return [
        Sample(f"{index:064}", first + dt.timedelta(days=index), "pass", None, found)
        for index, found in enumerate(points)
    ]


def test_what_is_not_well_today_comes_first() -> None:
    history = samples(
        {"a": point(1), "b": point(120, "failed"), "c": point(1)},
        {"a": point(1), "b": point(1), "c": point(120, "failed"), "d": point(1, None)},
    )
    drawn, free = trends.draw(history, "", NOW, everything=True)
    assert ([one.name for one in drawn], free) == (["c", "a", "b", "d"], 1)


def test_a_history_has_one_unit_that_of_its_last_report() -> None:
    history = samples({"a": point(0.05, unit="s")}, {"a": point(3, unit="MiB")}, {"a": point(70)})
    ((one,), _) = trends.draw(history, "", NOW, everything=False)
    assert (one.value, one.told) == ("70 ms", "50 to 70 ms")


def test_failures_are_counted_and_the_last_is_dated() -> None:
    history = samples({"a": point(120, "failed")}, {"a": point(99, "inconclusive")}, {}, {})
    ((one,), _) = trends.draw(history, "", NOW, everything=False)
    assert one.told == "99 to 120 ms; 1 failed, 1 inconclusive, last 2 d ago"


def test_a_value_that_never_changed_and_one_that_was_taken_once_say_so() -> None:
    history = samples({"a": point(5)}, {"a": point(5), "b": point(7)})
    drawn, _ = trends.draw(history, "", NOW, everything=False)
    assert [one.told for one in drawn] == ["5 ms throughout", "measured once"]


def test_a_history_says_how_long_it_is() -> None:
    assert trends.span(samples({}, {}, {})) == "3 reports, 19 Nov 2026 to 21 Nov 2026"
    assert trends.span(samples({})) == "1 report, 21 Nov 2026"
    assert trends.span([]) == ""


def test_no_report_and_no_measurement_are_no_trend() -> None:
    assert trends.draw([], "", NOW, everything=True) == ([], 0)
    assert trends.draw(samples({}), "", NOW, everything=True) == ([], 0)
