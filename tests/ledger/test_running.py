"""What announces itself as running is there until its time is over."""

from __future__ import annotations

import datetime as dt

import pytest

from harness.ledger import Ledger, Refused

CONFIG = "sha256:" + "c" * 64
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


def later(seconds: float) -> dt.datetime:
    """So many seconds after noon."""
    return NOON + dt.timedelta(seconds=seconds)


def test_a_gate_at_work_is_seen_with_its_progress(ledger: Ledger) -> None:
    made = ledger.announce(CONFIG, "prd", "digits", 2, 7, "ci", 60, now=NOON)
    assert ledger.running(CONFIG, "prd", now=later(59)) == made
    assert made.progress == "2/7 checks"
    assert ledger.running(CONFIG, "stg", now=NOON) is None


def test_a_gate_that_fell_silent_is_forgotten(ledger: Ledger) -> None:
    ledger.announce(CONFIG, "prd", "digits", 2, 7, "ci", 60, now=NOON)
    assert ledger.running(CONFIG, "prd", now=later(60)) is None


def test_an_announcement_is_renewed_and_keeps_its_beginning(ledger: Ledger) -> None:
    ledger.announce(CONFIG, "prd", "digits", 2, 7, "ci", 60, now=NOON)
    ledger.announce(CONFIG, "prd", "digits", 3, 7, "ci", 60, now=later(50))
    found = ledger.running(CONFIG, "prd", now=later(100))
    assert found is not None
    assert (found.done, found.since, found.until) == (3, NOON, later(110))


def test_a_new_run_has_its_own_beginning(ledger: Ledger) -> None:
    ledger.announce(CONFIG, "prd", "digits", 2, 7, "ci", 60, now=NOON)
    again = ledger.announce(CONFIG, "prd", "digits", 0, 7, "ci", 60, now=later(60))
    assert again.since == later(60)


def test_what_is_withdrawn_runs_no_more(ledger: Ledger) -> None:
    ledger.announce(CONFIG, "prd", "digits", 2, 7, "ci", 60, now=NOON)
    ledger.withdraw(CONFIG, "prd")
    ledger.withdraw(CONFIG, "prd")
    assert ledger.running(CONFIG, "prd", now=NOON) is None


@pytest.mark.parametrize(
    ("done", "total", "ttl_s"),
    [(-1, 7, 60), (8, 7, 60), (0, 10**7, 60), (0, 7, 0), (0, 7, 1e9), (0, 7, float("nan"))],
)
def test_what_cannot_be_is_refused(
    sqlite_ledger: Ledger, done: int, total: int, ttl_s: float
) -> None:
    with pytest.raises(Refused):
        sqlite_ledger.announce(CONFIG, "prd", "digits", done, total, "ci", ttl_s)


def test_a_name_or_digest_that_is_none_is_refused(sqlite_ledger: Ledger) -> None:
    for digest, policy, name in (("x", "prd", "a"), (CONFIG, "", "a"), (CONFIG, "prd", "a\nb")):
        with pytest.raises(Refused):
            sqlite_ledger.announce(digest, policy, name, 0, 7, "ci", 60)
