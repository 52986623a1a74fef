"""A ledger as JSON lines: to keep a copy of it, or to bring it to another database."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from sqlalchemy import Connection, insert, select

from harness.errors import ReportError
from harness.ledger.errors import Refused
from harness.ledger.intake import Rows, is_id, plain, report_id, rows
from harness.ledger.promotion import FIELDS, Promotion, alone
from harness.ledger.reports import store, utc_now
from harness.ledger.tables import contents, holdings, reports
from harness.model import Verdict
from harness.report.reading import MAX_BYTES

MAX_LINE = MAX_BYTES * 4 // 3 + 4_096  # bytes
_VERSION = 1
_BATCH = 200  # reports of one transaction
_HEAVY = 64 * 1024 * 1024  # bytes of their bodies
_FEW = 20  # reports that are read at once: bodies may be large


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Head(_Line):
    kind: Literal["ledger"]
    version: Literal[1]


class _Report(_Line):
    kind: Literal["report"]
    id: str
    publisher: str
    signed_by: str
    stored_at: AwareDatetime
    body: Base64Bytes


class _Holding(_Line):
    kind: Literal["holding"]
    environment: str
    name: str
    digest: str
    report: str
    by: str
    since: AwareDatetime
    until: AwareDatetime | None


_LINES: TypeAdapter[_Head | _Report | _Holding] = TypeAdapter(
    Annotated[_Head | _Report | _Holding, Field(discriminator="kind")]
)


class Moving(Promotion):
    """Out of one ledger, and into another."""

    def export(self, write: Callable[[bytes], object]) -> int:
        """Hand every report, then every holding of an environment, to `write`, a line each.

        How many reports there were. Tokens, and what runs, are not part of it.
        """
        count = 0
        write(_line({"kind": "ledger", "version": _VERSION}))
        with self.reading() as connection:
            # Before the reports: what holds an environment by then is among them.
            ordered = select(*FIELDS).order_by(holdings.c.number)
            held = connection.execute(ordered).mappings().all()
            for row in _stored(connection):
                write(_line(row))
                count += 1
        for each in held:
            write(_line({"kind": "holding", **each}))
        return count

    def import_(self, lines: Iterable[bytes], *, now: dt.datetime | None = None) -> tuple[int, int]:
        """Take in what `export` wrote: how many reports were new, and how many were known.

        Each body is held against its id and read as strictly as one that is published; each
        holding is held against the report that it rests on. Raises Refused with the number of the
        first line that is wrong: what came before may be stored, and does no harm if it comes
        again.
        """
        new = known = 0
        waiting: list[Rows] = []
        for number, line in enumerate(chain(lines, [None]), 1):
            item = _read(line, number)
            if isinstance(item, _Report):
                waiting.append(_rows(item, number, now or utc_now()))
            if waiting and (_full(waiting) or not isinstance(item, _Report)):
                stored = self._store(waiting)
                new, known = new + stored, known + len(waiting) - stored
                waiting = []
            if isinstance(item, _Holding):
                self._take(item, number)
        return new, known

    def _store(self, several: list[Rows]) -> int:
        with self.writing() as connection:
            return sum(store(connection, each) for each in several)

    def _take(self, item: _Holding, number: int) -> None:
        values = item.model_dump(exclude={"kind"})
        with self.writing() as connection:
            alone(connection)
            bound = _proof(connection, item, number)
            if _known(connection, values):
                return
            if item.until is None and _taken(connection, item):
                raise Refused(
                    f"line {number}: {item.name!r} holds {item.environment!r} here by another "
                    "promotion",
                    "import into a ledger in which nothing was promoted yet",
                )
            connection.execute(insert(holdings).values(**values, **bound))


def _stored(connection: Connection) -> Iterator[dict[str, Any]]:
    """Every report as a line, in the order in which they were stored."""
    columns = [reports.c[name] for name in ("id", "publisher", "signed_by", "stored_at")]
    chosen = select(*columns, contents.c.body).join(contents).order_by(reports.c.number)
    options = {"yield_per": _FEW}
    for row in connection.execute(chosen, execution_options=options).mappings():
        body = b64encode(zlib.decompress(row["body"])).decode("ascii")
        yield {"kind": "report", **row, "body": body}


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, default=_text, separators=(",", ":")).encode("ascii") + b"\n"


def _text(value: object) -> str:
    assert isinstance(value, dt.datetime)  # all else is JSON already
    return value.isoformat()


def _read(line: bytes | None, number: int) -> _Head | _Report | _Holding | None:
    """One line; None is the end. Raises Refused."""
    if line is not None and len(line) > MAX_LINE:
        raise Refused(f"line {number}: longer than any report")
    try:
        item = None if line is None else _LINES.validate_json(line)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise Refused(f"line {number}: {where}: {first['msg'].lower()}") from None
    if isinstance(item, _Head) is not (number == 1):
        raise Refused(f"line {number}: not as `gate ledger export` writes it", "is it whole?")
    return item


def _rows(item: _Report, number: int, now: dt.datetime) -> Rows:
    if report_id(item.body) != item.id:
        raise Refused(
            f"line {number}: the body is not the one of {item.id[:80]!r}", "was it edited?"
        )
    try:
        made = rows(item.body, publisher=item.publisher, signed_by=item.signed_by, now=now)
    except (ReportError, Refused) as problem:
        raise Refused(f"line {number}: {problem}") from None
    return replace(made, report={**made.report, "stored_at": min(item.stored_at, now)})


def _full(waiting: list[Rows]) -> bool:
    return len(waiting) >= _BATCH or sum(len(one.content["body"]) for one in waiting) > _HEAVY


def _proof(connection: Connection, item: _Holding, number: int) -> dict[str, str | None]:
    """The digests of the report that a holding rests on. Raises Refused where it does not."""
    names = ("config_digest", "manifest_digest", "name", "policy", "verdict")
    chosen = select(*(reports.c[name] for name in names))
    found = None
    if is_id(item.report):
        found = connection.execute(chosen.where(reports.c.id == item.report)).mappings().first()
    wanted = (item.name, item.environment, Verdict.PASS)
    if (
        found is None
        or (found["name"], found["policy"], found["verdict"]) != wanted
        or item.digest not in (found["config_digest"], found["manifest_digest"])
    ):
        raise Refused(
            f"line {number}: no report here lets {item.digest[:80]!r} hold {item.environment!r}",
            "its report comes before it in an export",
        )
    plain(item.by, f"line {number}: by")
    return {name: found[name] for name in names[:2]}


def _known(connection: Connection, values: dict[str, Any]) -> bool:
    same = (holdings.c[name] == value for name, value in values.items() if name != "until")
    return connection.execute(select(holdings.c.number).where(*same)).first() is not None


def _taken(connection: Connection, item: _Holding) -> bool:
    place = holdings.c.environment == item.environment, holdings.c.name == item.name
    chosen = select(holdings.c.number).where(*place, holdings.c.until.is_(None))
    return connection.execute(chosen).first() is not None
