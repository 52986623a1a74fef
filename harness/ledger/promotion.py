"""Promotion: which digest holds which environment, since when, and by which report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, RowMapping, insert, or_, select, text, update

from harness.ledger.errors import Refused
from harness.ledger.intake import checked_digest, plain
from harness.ledger.records import Entry, Held
from harness.ledger.reports import Reports, latest, utc_now
from harness.ledger.tables import holdings
from harness.model import Verdict

_LOCK = 0x7265_6C66
FIELDS = [holdings.c[name] for name in Held.__dataclass_fields__]


class Promotion(Reports):
    """Environments are policies: a digest holds `prd` by a report that passed `prd`."""

    def promote(
        self,
        digest: str,
        environment: str,
        *,
        by: str,
        order: Sequence[str] = (),
        now: dt.datetime | None = None,
        max_age: dt.timedelta | None = None,
        pinned: Collection[str] | None = None,
    ) -> Held:
        """Let `digest` hold `environment` in the place of the candidate's digest before it.

        Refused, with the reason, unless its latest report under that policy is a pass that has not
        expired and, where `order` names the environments in their order, unless the digest has
        held the one before; where `pinned` names digests of the policy, it must be one of them.
        Nothing changes where it holds it by that report already.
        """
        checked_digest(digest)
        plain(environment, "environment")
        plain(by, "by")
        now = now or utc_now()
        with self.writing() as connection:
            alone(connection)
            report = _passed(latest(connection, digest, environment), digest, environment)
            _check_age(report, now, max_age)
            _check_policy(report, pinned)
            _check_before(connection, report, digest, environment, order)
            return _hold(connection, report, digest, environment, by, now)

    def holders(self) -> dict[str, tuple[Held, ...]]:
        """Environment -> what holds it now, by the candidate's name."""
        chosen = select(*FIELDS).where(holdings.c.until.is_(None))
        found: dict[str, tuple[Held, ...]] = {}
        with self.reading() as connection:
            ordered = chosen.order_by(holdings.c.environment, holdings.c.name)
            for row in connection.execute(ordered).mappings():
                held = Held(**row)
                found[held.environment] = (*found.get(held.environment, ()), held)
        return found

    def history(self, environment: str, limit: int = 1_000) -> tuple[Held, ...]:
        """What has held an environment, the newest first."""
        chosen = select(*FIELDS).where(holdings.c.environment == environment)
        ordered = chosen.order_by(holdings.c.number.desc()).limit(limit)
        with self.reading() as connection:
            return tuple(Held(**row) for row in connection.execute(ordered).mappings())


def alone(connection: Connection) -> None:
    """Wait until no other transaction promotes, or removes what a promotion may rest on."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _passed(report: Entry | None, digest: str, environment: str) -> Entry:
    if report is None:
        raise Refused(
            f"{digest} has no report under the policy {environment!r}",
            f"`gate run --policy {environment}`, and publish its report",
        )
    if report.verdict != Verdict.PASS:
        raise Refused(
            f"{digest} did not pass {environment!r}: {report.verdict}, {report.reason}",
            f"report {report.id}",
        )
    return report


def _check_age(report: Entry, now: dt.datetime, max_age: dt.timedelta | None) -> None:
    ends = report.expires_at(max_age)
    if ends is not None and ends <= now:
        raise Refused(
            f"the report of {report.finished_at:%Y-%m-%d %H:%M:%S} UTC expired at "
            f"{ends:%Y-%m-%d %H:%M:%S} UTC",
            "run the gate again",
        )


def _check_policy(report: Entry, pinned: Collection[str] | None) -> None:
    if pinned is not None and report.policy_digest not in pinned:
        raise Refused(
            f"it passed under another text of the policy {report.policy!r}: {report.policy_digest}",
            f"expected {' or '.join(pinned) or 'none: the pin names no digest'}",
        )


def _check_before(
    connection: Connection, report: Entry, digest: str, environment: str, order: Sequence[str]
) -> None:
    """The digest, under either of its names, has held the environment before this one."""
    if environment not in order:
        if order:
            raise Refused(f"no environment {environment!r}", f"expected one of {', '.join(order)}")
        return
    place = order.index(environment)
    if not place:
        return
    before = order[place - 1]
    names = {digest, report.config_digest, report.manifest_digest} - {None}
    columns = (holdings.c.digest, holdings.c.config_digest, holdings.c.manifest_digest)
    same = or_(*(column.in_(names) for column in columns))
    chosen = select(holdings.c.number).where(holdings.c.environment == before, same).limit(1)
    if connection.execute(chosen).first() is None:
        raise Refused(f"{digest} has never held {before!r}, which comes before {environment!r}")


def _hold(
    connection: Connection,
    report: Entry,
    digest: str,
    environment: str,
    by: str,
    now: dt.datetime,
) -> Held:
    current = (
        holdings.c.environment == environment,
        holdings.c.name == report.name,
        holdings.c.until.is_(None),
    )
    row: RowMapping | None = connection.execute(select(*FIELDS).where(*current)).mappings().first()
    if row is not None and (row["digest"], row["report"]) == (digest, report.id):
        return Held(**row)
    connection.execute(update(holdings).where(*current).values(until=now))
    held = Held(environment, report.name, digest, report.id, by, now, None)
    values = {column.name: getattr(held, column.name) for column in FIELDS}
    bound = {"config_digest": report.config_digest, "manifest_digest": report.manifest_digest}
    connection.execute(insert(holdings).values(**values, **bound))
    return held
