"""Reports in a ledger: stored once by their content, and found again."""

from __future__ import annotations

import datetime as dt
import zlib
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    bindparam,
    delete,
    insert,
    or_,
    select,
    tuple_,
    union_all,
)

from harness.ledger.database import Database, upsert
from harness.ledger.intake import Rows, checked_digest, entry, is_id, report_id, rows
from harness.ledger.lookup import Lookup
from harness.ledger.records import Entry
from harness.ledger.tables import Digest, announcements, contents, heads, reports
from harness.model import Verdict

_FIELDS = tuple(Entry.__dataclass_fields__)
_COLUMNS = [*(reports.c[name] for name in _FIELDS[:-1]), contents.c.answer]


def _bound(digest: ColumnElement[str] | str, *more: ColumnElement[str]) -> Select[Any]:
    """The configuration inside a manifest, as the push that bound them to each other said."""
    return select(reports.c.config_digest, *more).where(reports.c.manifest_digest == digest)


def _newest(*of_digest: ColumnElement[bool]) -> Select[Any]:
    chosen = select(*_COLUMNS, reports.c.rank).join(contents).where(*of_digest)
    order = (reports.c.finished_at.desc(), reports.c.rank.desc(), reports.c.id.desc())
    return chosen.order_by(*order).limit(1).subquery().select()


_DIGEST, _POLICY = bindparam("digest", type_=Digest()), bindparam("policy", type_=String())
# The report that speaks for a digest: the newest of every kind, each from an index of its own;
# both columns at once, as SQLite would else read every report of the policy.
_SPEAKING = union_all(
    _newest(reports.c.config_digest == _DIGEST, reports.c.policy == _POLICY),
    _newest(reports.c.manifest_digest == _DIGEST, reports.c.policy == _POLICY),
    _newest(tuple_(reports.c.config_digest, reports.c.policy).in_(_bound(_DIGEST, _POLICY))),
)


class Reports(Database):
    """What is stored, by its id and by its digests."""

    def add(
        self, body: bytes, *, publisher: str, signed_by: str = "", now: dt.datetime | None = None
    ) -> tuple[Entry, bool]:
        """Store the exact bytes of a report; True with its entry, or False where it was there.

        What it announced as running is withdrawn with it. Once this returns, the report survives
        a killed process and a cut of the power. Raises ReportError for what is no report, Refused
        for one from the future or with a name or digest that is none, LedgerError.
        """
        known = self.entry(report_id(body))
        if known is not None:
            return known, False
        made = rows(body, publisher=publisher, signed_by=signed_by, now=now or utc_now())
        with self.writing() as connection:
            new = store(connection, made)
            found = _entry(connection, made.report["id"])
        assert found is not None  # it was stored, or was there, in this transaction
        return found, new

    def entry(self, key: str) -> Entry | None:
        """The report with this id, a hex SHA-256; None where there is none."""
        if not is_id(key):
            return None
        with self.reading() as connection:
            return _entry(connection, key)

    def body(self, key: str) -> bytes | None:
        """The exact bytes of a report; None where there is none with this id."""
        if not is_id(key):
            return None
        chosen = select(contents.c.body).join(reports).where(reports.c.id == key)
        with self.reading() as connection:
            found = connection.execute(chosen).scalar()
        return None if found is None else zlib.decompress(found)

    def latest(self, digest: str, policy: str) -> Entry | None:
        """The report that speaks for a config or manifest digest under a policy.

        The one that finished last, whatever its verdict: a newer failure closes what was open. Of
        two that finished at one moment, the worse. The next run may know no more of an image than
        its configuration: then its failure closes the manifest that was bound to it, too.
        Raises Refused for what is no digest.
        """
        checked_digest(digest)
        return _speaker(digest, self.look_up(self._speaking, digest=digest, policy=policy))

    @cached_property
    def _speaking(self) -> Lookup:
        return Lookup(_SPEAKING, self._engine)

    def policies(self, digest: str) -> tuple[str, ...]:
        """The policies under which a digest has reports, sorted. Raises Refused."""
        chosen = select(reports.c.policy).where(of_digest(checked_digest(digest))).distinct()
        with self.reading() as connection:
            return tuple(sorted(connection.execute(chosen).scalars()))


def utc_now() -> dt.datetime:
    """This moment."""
    return dt.datetime.now(dt.UTC)


def with_answer() -> Select[Any]:
    """Everything that an entry needs."""
    return select(reports, contents.c.answer).join(contents)


def of_digest(digest: str) -> ColumnElement[bool]:
    """The reports of a digest, whichever of the two it is."""
    of_config, of_manifest = reports.c.config_digest, reports.c.manifest_digest
    return or_(of_config == digest, of_manifest == digest, of_config.in_(_bound(digest)))


def latest(connection: Connection, digest: str, policy: str) -> Entry | None:
    """As `Reports.latest`, within a transaction."""
    asked = {"digest": digest, "policy": policy}
    return _speaker(digest, [list(row) for row in connection.execute(_SPEAKING, asked)])


def _speaker(digest: str, found: list[list[Any]]) -> Entry | None:
    """Of the newest of every kind the one that speaks; each an entry's values and its rank."""
    ordered = [(Entry(*values), rank) for *values, rank in found]
    ordered.sort(key=lambda one: (one[0].finished_at, one[1], one[0].id), reverse=True)
    for newest, _ in ordered:
        # A pass opens what it names; one of the configuration alone leaves a manifest as it was.
        if newest.verdict != Verdict.PASS or digest in (
            newest.config_digest,
            newest.manifest_digest,
        ):
            return newest
    return None


def store(connection: Connection, made: Rows) -> bool:
    """Write a report, unless it is there: whether it was new."""
    row = made.report
    put = upsert(connection, reports).values(row).on_conflict_do_nothing()
    number = connection.execute(put.returning(reports.c.number)).scalar()
    if number is None:
        return False
    connection.execute(insert(contents).values(number=number, **made.content))
    _lead(connection, {name: row[name] for name in heads.c.keys() if name != "number"}, number)
    digests = [row[name] for name in ("config_digest", "manifest_digest") if row[name]]
    ended = announcements.c.digest.in_(digests), announcements.c.policy == row["policy"]
    connection.execute(delete(announcements).where(*ended))
    return True


def _lead(connection: Connection, row: dict[str, Any], number: int) -> None:
    """The report becomes the newest of its candidate, unless another one is."""
    put = upsert(connection, heads).values(number=number, **row)
    order = ("finished_at", "rank", "id")
    newer = tuple_(*(put.excluded[name] for name in order)) > tuple_(*(heads.c[n] for n in order))
    changed = {name: put.excluded[name] for name in ("number", *order)}
    connection.execute(
        put.on_conflict_do_update(index_elements=["name", "policy"], set_=changed, where=newer)
    )


def _entry(connection: Connection, key: str) -> Entry | None:
    row = connection.execute(with_answer().where(reports.c.id == key)).mappings().first()
    return None if row is None else entry(row)
