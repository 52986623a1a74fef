"""The worst slice is found, and small slices do not cry wolf."""

from __future__ import annotations

import pytest

from harness import Limit, Measurement, Outcome
from harness.accuracy.counting import Table
from harness.accuracy.statistics import anytime, paired
from harness.accuracy.worst import TOGETHER, Rule, Worst, worst_slice

RULE = Rule(5.0, 0.95)


def _outcome(worst: Worst, limit: str = "<= 5 pp") -> Outcome:
    drop = worst.drop
    measured = Measurement("d", drop.value, "pp", low=drop.low, high=drop.high, n=worst.group.n)
    return Limit.parse(limit).judge(measured)


def _classes(rows: int, **other: Table) -> dict[str, dict[str, Table]]:
    """Ten classes of so many rows, of which one in two hundred was lost and one won."""
    few = rows // 200
    even = {str(k): Table(rows, rows - 4 * few, few, few, few) for k in range(10)}
    return {"class": {**even, **{key.strip("_"): table for key, table in other.items()}}}


def test_large_classes_are_certified_one_by_one() -> None:
    worst = worst_slice(_classes(1000), RULE)
    assert (worst.together, worst.undecided, worst.alarms) == ((), (), ())
    assert _outcome(worst) is Outcome.PASSED


def test_a_class_that_broke_is_named_and_fails() -> None:
    worst = worst_slice(_classes(1000, _7=Table(1000, 600, 300, 5, 2)), RULE)
    assert worst.group.name == "class 7"
    assert worst.drop.value == pytest.approx(29.5)
    assert [group.name for group in worst.alarms] == ["class 7"]
    assert _outcome(worst) is Outcome.FAILED


def test_a_value_of_a_users_column_fails_as_a_class_does() -> None:
    groups = {"north": Table(9000, 8900, 20, 20, 5), "south": Table(1000, 800, 120, 5, 5)}
    worst = worst_slice({**_classes(1000), "region": groups}, RULE)
    assert worst.group.name == "region south"
    assert _outcome(worst) is Outcome.FAILED


def test_small_classes_are_looked_at_together() -> None:
    """Two of thirty rows lost in one class is what chance does; ten such classes are 300 rows."""
    classes = {str(k): Table(30, 28, 0, 0, 0) for k in range(10)}
    classes["3"] = Table(30, 26, 2, 0, 0)
    worst = worst_slice({"class": classes}, RULE)
    assert worst.group.value == TOGETHER
    assert {group.value for group in worst.together} == set(classes)
    assert worst.group.n == 300
    assert worst.needed is not None and worst.needed > 30
    assert _outcome(worst) is Outcome.PASSED


def test_small_slices_are_joined_within_their_column() -> None:
    """A rare class is not joined with a rare region."""
    columns = {
        "class": {"a": Table(5000, 4900, 5, 5, 0), "b": Table(20, 20, 0, 0, 0)},
        "region": {"x": Table(5000, 4900, 5, 5, 0), "y": Table(20, 20, 0, 0, 0)},
    }
    worst = worst_slice(columns, RULE)
    assert {g.name for g in worst.together} == {"class a", "class b", "region x", "region y"}
    assert worst.group.n == 5020


def test_a_small_class_still_fails_on_evidence() -> None:
    """Twenty of thirty rows lost is not chance, however few they are."""
    worst = worst_slice(_classes(1000, rare=Table(30, 8, 20, 0, 0)), RULE)
    assert worst.group.name == "class rare"
    assert _outcome(worst) is Outcome.FAILED


def test_more_slices_take_more_evidence_for_an_alarm() -> None:
    """Six of twenty rows lost: an alarm among two slices, and chance among a hundred."""
    odd = Table(20, 14, 6, 0, 0)
    many = {str(k): Table(1000, 990, 2, 2, 0) for k in range(100)}
    assert worst_slice({"class": {"odd": odd, "0": many["0"]}}, RULE).alarms
    assert not worst_slice({"class": {"odd": odd, **many}}, RULE).alarms


def test_a_slice_near_the_limit_is_listed_as_undecided() -> None:
    worst = worst_slice(_classes(1000, _4=Table(1000, 900, 55, 10, 5)), RULE)
    assert [group.name for group in worst.undecided] == ["class 4"]
    assert _outcome(worst) is Outcome.INCONCLUSIVE


def test_too_few_rows_altogether_are_inconclusive() -> None:
    """Nothing passes by being small."""
    few = {"0": Table(10, 10, 0, 0, 0), "1": Table(9, 9, 0, 0, 0)}
    assert _outcome(worst_slice({"class": few}, RULE)) is Outcome.INCONCLUSIVE


def test_a_margin_of_nothing_needs_rows_without_end() -> None:
    worst = worst_slice({"class": {"0": Table(500, 500, 0, 0, 0)}}, Rule(0.0, 0.95))
    assert worst.needed is None
    assert _outcome(worst, "<= 0 pp") is Outcome.INCONCLUSIVE


def test_an_early_look_takes_more_evidence() -> None:
    """The interval that holds at any look is wider at both ends."""
    last, early = (worst_slice(_classes(1000), Rule(5.0, 0.95, early)) for early in (False, True))
    assert early.drop.high > last.drop.high
    assert early.drop.low < last.drop.low


def test_the_ends_are_those_of_the_groups() -> None:
    """At an early look they are found in one search; here beside the intervals one by one."""
    columns = {"class": {str(k): Table(2000, 1900, 5 + k, 9 - k, 0) for k in range(8)}}
    groups = list(columns["class"].values())
    for early, interval in ((False, paired), (True, anytime)):
        found = worst_slice(columns, Rule(5.0, 0.95, early)).drop
        low = max(interval(g.b, g.c, g.n, 2 * (1 - 0.05 / 8) - 1).low for g in groups)
        high = max(interval(g.b, g.c, g.n, 0.9).high for g in groups)
        assert (found.low, found.high) == pytest.approx((100 * low, 100 * high), abs=1e-9)


def test_an_early_look_finds_a_class_that_broke() -> None:
    broken = _classes(1000, _7=Table(1000, 600, 300, 5, 2))
    assert _outcome(worst_slice(broken, Rule(5.0, 0.99, early=True))) is Outcome.FAILED


def test_clustered_rows_count_as_fewer() -> None:
    """At a design effect of ten, a thousand rows are as a hundred."""
    one = {"class": {"0": Table(1000, 980, 5, 5, 5)}}
    plain, clustered = (worst_slice(one, Rule(5.0, 0.95, effect=e)) for e in (1.0, 10.0))
    assert clustered.drop.high > plain.drop.high + 1
    assert clustered.needed is not None and plain.needed is not None
    assert clustered.needed > 9 * plain.needed


def test_no_slices_are_no_answer() -> None:
    with pytest.raises(ValueError, match="no slices"):
        worst_slice({}, RULE)
