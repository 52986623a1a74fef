"""Retention: old reports go, but never so that a gate opens or an environment loses its proof."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection, RowMapping, delete, func, select

from harness.ledger.database import Database
from harness.ledger.errors import Refused
from harness.ledger.promotion import alone
from harness.ledger.reports import utc_now
from harness.ledger.tables import holdings, reports
from harness.model import Verdict

_BATCH = 500  # reports of one transaction: other writers come in between
_HELD = reports.c.id.in_(select(holdings.c.report))
_LOOKED_AT = [
    reports.c[name]
    for name in ("number", "name", "policy", "config_digest", "manifest_digest", "verdict")
]


class Pruning(Database):
    """Taking out what nobody needs."""

    def prune(
        self, keep_days: int, keep_last_per_candidate: int, *, now: dt.datetime | None = None
    ) -> int:
        """Remove the reports that finished more than `keep_days` days ago; how many there were.

        What stays: the newest `keep_last_per_candidate` of each candidate under each policy; the
        reports by which a digest holds or has held an environment; and whatever closes the gate
        of a digest that an older report, which stays, would open. Raises Refused for numbers
        below one.
        """
        if keep_days < 1 or keep_last_per_candidate < 1:
            raise Refused("prune: nothing would stay", "expected numbers of at least 1")
        try:
            before = (now or utc_now()) - dt.timedelta(days=keep_days)
        except OverflowError:
            return 0
        with self.reading() as connection:
            doomed = _doomed(connection, before, keep_last_per_candidate)
        # The oldest first: at no moment is a pass there whose later failure is gone.
        return sum(self._remove(doomed[i : i + _BATCH]) for i in range(0, len(doomed), _BATCH))

    def _remove(self, numbers: list[int]) -> int:
        gone = delete(reports).where(reports.c.number.in_(numbers), ~_HELD)
        with self.writing() as connection:
            alone(connection)
            return connection.execute(gone).rowcount


def _doomed(connection: Connection, before: dt.datetime, keep: int) -> list[int]:
    """Numbers of the reports that go, oldest first."""
    seen = _young(connection, before)
    going: list[RowMapping] = []
    opened: set[tuple[str, str]] = set()  # policy and digest of each pass that stays
    for row in _old(connection, before):
        key = row["name"], row["policy"]
        seen[key] += 1
        if seen[key] > keep and not row["held"]:
            going.append(row)
        elif row["verdict"] == Verdict.PASS:
            opened.update(_digests(row))
    return [row["number"] for row in reversed(going) if not _shuts(row, opened)]


def _shuts(row: RowMapping, opened: set[tuple[str, str]]) -> bool:
    """Whether a pass of the same digest stays, which this report closes."""
    return row["verdict"] != Verdict.PASS and any(digest in opened for digest in _digests(row))


def _digests(row: RowMapping) -> Iterator[tuple[str, str]]:
    for name in ("config_digest", "manifest_digest"):
        if row[name] is not None:
            yield row["policy"], row[name]


def _young(connection: Connection, before: dt.datetime) -> Counter[tuple[str, str]]:
    """Candidate and policy -> how many reports are too young to go."""
    key = reports.c.name, reports.c.policy
    chosen = select(*key, func.count()).where(reports.c.finished_at >= before).group_by(*key)
    return Counter({(name, policy): n for name, policy, n in connection.execute(chosen)})


def _old(connection: Connection, before: dt.datetime) -> Iterator[RowMapping]:
    """What is old enough to go, newest first, and whether an environment rests on it."""
    chosen = select(*_LOOKED_AT, _HELD.label("held")).where(reports.c.finished_at < before)
    order = (reports.c.finished_at.desc(), reports.c.rank.desc(), reports.c.id.desc())
    yield from connection.execute(chosen.order_by(*order)).mappings().yield_per(10_000)
