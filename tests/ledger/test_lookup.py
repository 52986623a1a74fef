"""A compiled question has the answer that the library itself would give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import bindparam, select, text

from harness.ledger import Ledger, LedgerError
from harness.ledger.lookup import Lookup
from harness.ledger.tables import reports

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
BY_NAME = select(reports).where(reports.c.name == bindparam("name")).limit(5)


def test_it_answers_as_the_library_does(ledger: Ledger, a_report: Callable[..., bytes]) -> None:
    for until in ("2026-12-01", None):
        ledger.add(a_report(waived_until=until, name="100 % :x"), publisher="ci", now=NOON)
    with ledger.reading() as connection:
        expected = [list(row) for row in connection.execute(BY_NAME, {"name": "100 % :x"})]
        lookup = Lookup(BY_NAME, connection.engine)
    assert len(expected) == 2
    assert ledger.look_up(lookup, name="100 % :x") == expected
    assert ledger.look_up(lookup, name="' OR 1=1 --") == []


def test_what_the_driver_raises_is_told_as_everywhere(sqlite_ledger: Ledger) -> None:
    with sqlite_ledger.reading() as connection:
        lookup = Lookup(BY_NAME, connection.engine)
    with sqlite_ledger.writing() as connection:
        connection.execute(text("ALTER TABLE reports RENAME TO gone"))
    with pytest.raises(LedgerError, match="no such table: reports"):
        sqlite_ledger.look_up(lookup, name="x")
