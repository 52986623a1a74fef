"""When a report is no evidence any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.ledger import Entry, Ledger

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def entry(sqlite_ledger: Ledger, a_report: Callable[..., bytes]) -> Entry:
    """One that finished at noon, and rests on no waiver."""
    return sqlite_ledger.add(a_report(), publisher="ci", now=NOON)[0]


def test_without_an_age_or_a_waiver_it_never_expires(entry: Entry) -> None:
    assert entry.expires_at(None) is None


def test_its_age_counts_from_the_end_of_the_run(entry: Entry) -> None:
    assert entry.expires_at(dt.timedelta(days=30)) == dt.datetime(2026, 12, 21, 12, tzinfo=dt.UTC)


def test_a_waiver_holds_until_the_end_of_its_last_day(entry: Entry) -> None:
    waived = replace(entry, expires_on=dt.date(2026, 11, 30))
    assert waived.expires_at(None) == dt.datetime(2026, 12, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(("days", "day"), [(3, 24), (300, 25)])
def test_what_comes_first_counts(entry: Entry, days: int, day: int) -> None:
    waived = replace(entry, expires_on=dt.date(2026, 11, 24))
    found = waived.expires_at(dt.timedelta(days=days))
    assert found is not None and found.day == day


def test_an_age_beyond_the_calendar_ends_with_it(entry: Entry) -> None:
    found = replace(entry, expires_on=dt.date.max).expires_at(dt.timedelta.max)
    assert found is not None and found.year == 9999
