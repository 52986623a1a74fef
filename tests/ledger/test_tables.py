"""What goes into a column comes out as it was."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.dialects import sqlite

from harness.ledger.tables import Digest, Hex, Moment

DIALECT = sqlite.dialect()


@pytest.mark.parametrize(
    "moment",
    [
        dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 21, 12, 0, 0, 123457, tzinfo=dt.UTC),
        dt.datetime.min.replace(tzinfo=dt.UTC),
        dt.datetime.max.replace(tzinfo=dt.UTC),
        None,
    ],
)
def test_a_moment_keeps_its_microsecond(moment: dt.datetime | None) -> None:
    kind = Moment()
    assert kind.process_result_value(kind.process_bind_param(moment, DIALECT), DIALECT) == moment


def test_a_moment_of_another_zone_is_the_same_moment_in_utc() -> None:
    moment = dt.datetime(2026, 11, 21, 14, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    kind = Moment()
    found = kind.process_result_value(kind.process_bind_param(moment, DIALECT), DIALECT)
    assert found == dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
    assert found is not None
    assert found.tzinfo is dt.UTC


def test_digests_are_stored_as_bytes() -> None:
    digest = "sha256:" + "0a" * 32
    stored = Digest().process_bind_param(digest, DIALECT)
    assert stored == b"\n" * 32
    assert Digest().process_result_value(stored, DIALECT) == digest
    assert Hex().process_result_value(Hex().process_bind_param("0a" * 32, DIALECT), DIALECT) == (
        "0a" * 32
    )
