"""Old reports go, but no gate opens by it, and no environment loses its proof."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from harness.ledger import Ledger, Refused

CONFIG = "sha256:" + "c" * 64
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MakeReport = Callable[..., bytes]


def ago(days: float) -> dt.datetime:
    """So many days before noon."""
    return NOON - dt.timedelta(days=days)


def digest(number: int) -> str:
    """The digest of another image."""
    return f"sha256:{number:064x}"


def test_what_is_old_and_not_among_the_last_goes(ledger: Ledger, a_report: MakeReport) -> None:
    for name in ("digits", "fraud"):
        for day in (1, 50, 100, 101, 102):
            body = a_report(name=name, digest=digest(day), finished=ago(day))
            ledger.add(body, publisher="ci", now=NOON)
    assert ledger.prune(90, 3, now=NOON) == 4
    for name in ("digits", "fraud"):
        left = ledger.entries(name=name).entries
        assert [entry.finished_at for entry in left] == [ago(1), ago(50), ago(100)]
    assert ledger.prune(90, 3, now=NOON) == 0


def test_the_last_are_counted_for_each_policy(ledger: Ledger, a_report: MakeReport) -> None:
    for policy, day in (("prd", 100), ("stg", 101), ("stg", 102)):
        body = a_report(policy=policy, digest=digest(day), finished=ago(day))
        ledger.add(body, publisher="ci", now=NOON)
    assert ledger.prune(90, 1, now=NOON) == 1
    assert {entry.finished_at for entry in ledger.entries().entries} == {ago(100), ago(101)}


def test_what_an_environment_rests_on_stays(ledger: Ledger, a_report: MakeReport) -> None:
    for day in (100, 101, 102, 103):
        body = a_report(digest=digest(day), finished=ago(day))
        ledger.add(body, publisher="ci", now=NOON)
    held = ledger.promote(digest(103), "prd", by="anna", now=NOON)
    assert ledger.prune(90, 1, now=NOON) == 2
    assert ledger.entry(held.report) is not None
    assert {entry.finished_at for entry in ledger.entries().entries} == {ago(100), ago(103)}


@pytest.mark.parametrize("verdict", ["fail", "error", "inconclusive"])
def test_what_closes_a_gate_that_would_open_stays(
    ledger: Ledger, a_report: MakeReport, verdict: str
) -> None:
    ledger.add(a_report(finished=ago(102)), publisher="ci", now=NOON)
    ledger.promote(CONFIG, "prd", by="anna", now=ago(102))
    ledger.add(a_report(verdict, finished=ago(101)), publisher="ci", now=NOON)
    ledger.add(a_report(digest=digest(1), finished=ago(100)), publisher="ci", now=NOON)
    assert ledger.prune(90, 1, now=NOON) == 0
    found = ledger.latest(CONFIG, "prd")
    assert found is not None and found.verdict == verdict


def test_candidates_keep_their_newest_report(ledger: Ledger, a_report: MakeReport) -> None:
    for day in (200, 300):
        ledger.add(a_report(finished=ago(day)), publisher="ci", now=NOON)
    assert ledger.prune(1, 1, now=NOON) == 1
    assert ledger.names().entries[0].latest["prd"].finished_at == ago(200)


def test_a_body_goes_with_its_report(ledger: Ledger, a_report: MakeReport) -> None:
    old, _ = ledger.add(a_report(finished=ago(300)), publisher="ci", now=NOON)
    ledger.add(a_report(), publisher="ci", now=NOON)
    assert ledger.prune(90, 1, now=NOON) == 1
    assert ledger.entry(old.id) is None
    assert ledger.body(old.id) is None


@pytest.mark.parametrize(("days", "last"), [(0, 5), (5, 0), (-1, 5)])
def test_nothing_left_is_no_retention(sqlite_ledger: Ledger, days: int, last: int) -> None:
    with pytest.raises(Refused, match="nothing would stay"):
        sqlite_ledger.prune(days, last)


def test_days_beyond_the_calendar_keep_everything(
    sqlite_ledger: Ledger, a_report: MakeReport
) -> None:
    sqlite_ledger.add(a_report(finished=ago(300)), publisher="ci", now=NOON)
    assert sqlite_ledger.prune(10**9, 1, now=NOON) == 0
