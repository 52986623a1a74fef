"""Lists of what is there, page by page, and the history of one candidate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from harness.ledger import Entry, Ledger, Point, Refused

CONFIG = "sha256:" + "c" * 64
MANIFEST = "sha256:" + "d" * 64
OTHER = "sha256:" + "e" * 64
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(hours=1)
MakeReport = Callable[..., bytes]


def at(minute: int) -> dt.datetime:
    """So many minutes after noon."""
    return NOON + dt.timedelta(minutes=minute)


def fill(ledger: Ledger, bodies: list[bytes]) -> list[Entry]:
    """Entries of the reports."""
    return [ledger.add(body, publisher="ci", now=LATER)[0] for body in bodies]


def test_pages_hold_everything_once_the_newest_first(ledger: Ledger, a_report: MakeReport) -> None:
    same = [a_report(finished=at(3), latency=10.0 + number) for number in range(4)]
    made = fill(ledger, [a_report(finished=at(minute)) for minute in (1, 5, 2)] + same)
    found: list[Entry] = []
    after: str | None = None
    while True:
        page = ledger.entries(limit=2, after=after)
        found += page.entries
        after = page.next
        if after is None:
            break
    assert len(found) == 7 and set(found) == set(made)
    assert [entry.finished_at for entry in found] == [
        at(minute) for minute in (5, 3, 3, 3, 3, 2, 1)
    ]


def test_a_report_that_comes_between_two_pages_moves_nothing(
    ledger: Ledger, a_report: MakeReport
) -> None:
    fill(ledger, [a_report(finished=at(minute)) for minute in (1, 2, 3)])
    first = ledger.entries(limit=2)
    fill(ledger, [a_report(finished=at(9))])
    second = ledger.entries(limit=2, after=first.next)
    assert [entry.finished_at for entry in second.entries] == [at(1)]
    assert second.next is None


@pytest.mark.parametrize(
    ("wanted", "minutes"),
    [
        ({"name": "digits"}, [3, 1]),
        ({"name": "fraud"}, [2]),
        ({"digest": CONFIG}, [3, 2, 1]),
        ({"digest": MANIFEST}, [3, 2, 1]),  # by its configuration, since the third bound them
        ({"digest": OTHER}, []),
        ({"policy": "stg"}, [2]),
        ({"verdict": "fail"}, [3]),
        ({"verdict": "pass", "name": "digits"}, [1]),
        ({"since": at(2)}, [3, 2]),
        ({"until": at(2)}, [1]),
        ({"name": "dig%"}, []),
        ({"name": "x' OR '1'='1"}, []),
    ],
)
def test_entries_are_found_by(
    ledger: Ledger, a_report: MakeReport, wanted: dict[str, str], minutes: list[int]
) -> None:
    fill(
        ledger,
        [
            a_report(finished=at(1)),
            a_report(finished=at(2), name="fraud", policy="stg"),
            a_report("fail", finished=at(3), manifest=MANIFEST),
        ],
    )
    found = ledger.entries(**wanted).entries  # type: ignore[arg-type]
    assert [entry.finished_at for entry in found] == [at(minute) for minute in minutes]


@pytest.mark.parametrize("cursor", ["", "x", "ä", "AAAA", "MSAx=", "OTk5OTk5OTk5OTk5OTk5OTk5IDE"])
def test_a_cursor_that_no_page_gave_is_refused(sqlite_ledger: Ledger, cursor: str) -> None:
    with pytest.raises(Refused, match="no such place"):
        sqlite_ledger.entries(after=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1_001])
def test_a_page_has_bounds(sqlite_ledger: Ledger, limit: int) -> None:
    for ask in (sqlite_ledger.entries, sqlite_ledger.names):
        with pytest.raises(Refused, match="is not from 1 to 1000"):
            ask(limit=limit)


def test_a_time_without_its_zone_is_refused(sqlite_ledger: Ledger) -> None:
    with pytest.raises(Refused, match="no time zone"):
        sqlite_ledger.entries(since=dt.datetime(2026, 11, 21))


def test_candidates_come_by_name_with_their_newest_report_of_each_policy(
    ledger: Ledger, a_report: MakeReport
) -> None:
    fill(
        ledger,
        [
            a_report("fail", name="fraud", finished=at(5)),
            a_report(name="fraud", finished=at(4)),  # comes later, and is older
            a_report(name="fraud", policy="stg", finished=at(1)),
            a_report(name="Digits", finished=at(2)),
        ],
    )
    page = ledger.names()
    assert [listed.name for listed in page.entries] == ["Digits", "fraud"]
    assert page.next is None
    newest = {policy: entry.verdict for policy, entry in page.entries[1].latest.items()}
    assert newest == {"prd": "fail", "stg": "pass"}


def test_of_two_newest_reports_the_worse_leads(ledger: Ledger, a_report: MakeReport) -> None:
    fill(ledger, [a_report("fail"), a_report()])
    assert ledger.names().entries[0].latest["prd"].verdict == "fail"


def test_pages_of_candidates_hold_everything_once(ledger: Ledger, a_report: MakeReport) -> None:
    names = ["a", "b", "B", "ä", "z/1"]
    fill(ledger, [a_report(name=name, policy=policy) for name in names for policy in ("p", "q")])
    found: list[str] = []
    after: str | None = None
    while True:
        page = ledger.names(limit=2, after=after)
        found += [listed.name for listed in page.entries]
        assert all(len(listed.latest) == 2 for listed in page.entries)
        after = page.next
        if after is None:
            break
    assert found == ["B", "a", "b", "z/1", "ä"]


@pytest.mark.parametrize(
    ("search", "found"),
    [("FRAU", ["fraud-eu"]), ("-", ["fraud-eu"]), ("%", []), ("_", ["x_y"]), ("'", []), ("", None)],
)
def test_a_search_is_a_part_of_the_name(
    ledger: Ledger, a_report: MakeReport, search: str, found: list[str] | None
) -> None:
    fill(ledger, [a_report(name=name) for name in ("fraud-eu", "digits", "x_y")])
    shown = [listed.name for listed in ledger.names(search=search).entries]
    assert shown == (["digits", "fraud-eu", "x_y"] if found is None else found)


def test_a_history_is_the_last_reports_oldest_first(ledger: Ledger, a_report: MakeReport) -> None:
    bodies = [a_report(finished=at(minute), latency=40.0 + minute) for minute in (3, 1, 2)]
    fill(ledger, [*bodies, a_report(finished=at(9), policy="stg"), a_report(name="fraud")])
    found = ledger.series("digits", "prd", limit=2)
    assert [sample.finished_at for sample in found] == [at(2), at(3)]
    assert found[0].points == {
        "load_latency_p99": Point(42.0, 41.0, 43.0, "<= 80 ms", "passed", "ms")
    }
    assert (found[0].verdict, found[0].digest) == ("pass", CONFIG)
