"""From the bytes of a report to the rows of a ledger, and back to what it hands out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from harness.errors import ReportError
from harness.ledger.errors import Refused
from harness.ledger.records import Entry, Point
from harness.model import JudgedMeasurement, Verdict
from harness.report import Report, parse, printable
from harness.report.document import AHEAD
from harness.report.flat import flat, measured, one_line
from harness.report.reading import MAX_BYTES
from harness.report.signing import is_digest

MAX_NAME = 200  # characters
_MAX_REFERENCE = 1_000  # bytes
_MAX_TEXT = 100  # bytes of a limit or a unit in a history
_MAX_POINTS = 200  # measurements of one report in a history
# Of two reports of one moment, the worse one speaks.
_RANK = {Verdict.PASS: 0, Verdict.INCONCLUSIVE: 1, Verdict.ERROR: 2, Verdict.FAIL: 3}
_EXPECTED = "expected sha256: and 64 hexadecimal digits"


@dataclass(frozen=True, slots=True)
class Rows:
    """A report as it is stored: one row of `reports`, one of `contents`."""

    report: Mapping[str, Any]
    content: Mapping[str, bytes]


def rows(body: bytes, *, publisher: str, signed_by: str, now: dt.datetime) -> Rows:
    """Read a report strictly. Raises ReportError for what is none, Refused for what may not be."""
    if len(body) > MAX_BYTES:
        raise ReportError(f"larger than {MAX_BYTES // 1024**2} MiB, expected a report")
    report = parse(body)
    started, finished = _times(report, now)
    key = report_id(body)
    subject, policy = report.subject, report.policy
    reference = one_line(subject.reference, _MAX_REFERENCE)
    answer = flat(report, key)
    row = {
        "id": key,
        "name": plain(subject.name, "/subject/name"),
        "reference": reference,
        "config_digest": _digest(subject.config_digest, "/subject/config_digest"),
        "manifest_digest": _digest(subject.manifest_digest, "/subject/manifest_digest"),
        "policy": plain(policy.name, "/policy/name"),
        "policy_digest": checked_digest(policy.digest, "/policy/digest"),
        "verdict": str(report.verdict),
        "rank": _RANK[report.verdict],
        "reason": answer["reason"],
        "started_at": started,
        "finished_at": finished,
        "stored_at": now,
        "expires_on": report.expires_on,
        "publisher": plain(publisher, "publisher"),
        "signed_by": signed_by and plain(signed_by, "signed by"),
        "size": len(body),
    }
    content = {"answer": _json(answer), "points": _points(report), "body": zlib.compress(body)}
    return Rows(row, content)


def entry(row: RowMapping) -> Entry:
    """The entry of a row that holds the columns of `reports` and `answer`."""
    return Entry(**{name: row[name] for name in Entry.__dataclass_fields__})


def points(stored: bytes) -> dict[str, Point]:
    """Metric name -> point, of the column `points`."""
    return {name: Point(*rest) for name, *rest in json.loads(zlib.decompress(stored))}


def report_id(body: bytes) -> str:
    """Hex SHA-256 of the exact bytes: the same report is stored once."""
    return hashlib.sha256(body).hexdigest()


def is_id(key: str) -> bool:
    """Whether it can be the id of a report."""
    return len(key) == 64 and not set(key) - set("0123456789abcdef")


def checked_digest(value: str, where: str = "digest") -> str:
    """`value`, a digest that is one. Raises Refused."""
    if not is_digest(value):
        raise Refused(f"{where}: {printable(value)[:80]!r} is no digest", _EXPECTED)
    return value


def plain(value: str, where: str) -> str:
    """A name that looks like what it is: one line, nothing hidden. Raises Refused.

    A policy `prd` with an invisible letter must not pass for `prd` on any page or terminal.
    """
    if not value or len(value) > MAX_NAME or printable(value) != value:
        raise Refused(
            f"{where}: {printable(value)[:60]!r} is no name",
            f"expected 1 to {MAX_NAME} visible characters on one line",
        )
    return value


def _digest(value: str | None, where: str) -> str | None:
    return None if value is None else checked_digest(value, where)


def _times(report: Report, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Beginning and end in UTC, held against the clock: tomorrow's pass would win for a day."""
    started, finished = (
        each.astimezone(dt.UTC) for each in (report.started_at, report.finished_at)
    )
    if finished > now + AHEAD:
        raise Refused(
            f"/finished_at: {finished:%Y-%m-%d %H:%M:%S} UTC is in the future; here it is "
            f"{now:%Y-%m-%d %H:%M:%S} UTC",
            "set the clock of the machine that ran the gate",
        )
    if started > finished:
        raise Refused("/started_at: later than /finished_at")
    return started, finished


def _points(report: Report) -> bytes:
    listed = [(name, *_point(row)) for name, row in list(measured(report).items())[:_MAX_POINTS]]
    return zlib.compress(_json(listed))


def _point(row: JudgedMeasurement) -> Point:
    """A history holds a thousand reports: no text in it has more than a line."""
    assert row.value is not None  # `measured` leaves those out
    limit = None if row.limit is None else one_line(row.limit, _MAX_TEXT)
    outcome = row.outcome and str(row.outcome)
    return Point(row.value, row.low, row.high, limit, outcome, one_line(row.unit, _MAX_TEXT))


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")
