"""Lists of what a ledger holds, page by page, and the history of one candidate."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from harness.ledger.database import Database
from harness.ledger.errors import Refused
from harness.ledger.intake import checked_digest, entry, points
from harness.ledger.records import Entry, Listed, Page, Sample
from harness.ledger.reports import of_digest, with_answer
from harness.ledger.tables import contents, heads, reports

MAX_PAGE = 1_000
_PLACE = re.compile(r"(-?[0-9]{1,18}) ([0-9]{1,18})")
_CURSOR = re.compile(r"[A-Za-z0-9_-]+")
_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Listing(Database):
    """What is there."""

    def entries(
        self,
        *,
        name: str | None = None,
        digest: str | None = None,
        policy: str | None = None,
        verdict: str | None = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Entry]:
        """Reports, the last finished first, that finished from `since` to before `until`.

        `after` is the `next` of the page before. Raises Refused for a cursor, digest, limit or
        time that is none.
        """
        _check(limit, since, until)
        wanted = [
            column == value
            for column, value in (
                (reports.c.name, name),
                (reports.c.policy, policy),
                (reports.c.verdict, verdict),
            )
            if value is not None
        ]
        wanted += [of_digest(checked_digest(digest))] if digest is not None else []
        wanted += [reports.c.finished_at >= since] if since is not None else []
        wanted += [reports.c.finished_at < until] if until is not None else []
        wanted += [_beyond(after)] if after is not None else []
        chosen = with_answer().where(*wanted)
        order = (reports.c.finished_at.desc(), reports.c.number.desc())
        found = self._rows(chosen.order_by(*order).limit(limit + 1))
        last = found[limit - 1] if len(found) > limit else None
        return Page(tuple(entry(row) for row in found[:limit]), last and _place(last))

    def names(
        self, search: str | None = None, after: str | None = None, limit: int = 50
    ) -> Page[Listed]:
        """Candidates by name, each with its newest report under every policy.

        `search` is a part of the name, in any case of letters. Raises Refused.
        """
        _check(limit)
        wanted = [heads.c.name.icontains(search, autoescape=True)] if search else []
        wanted += [heads.c.name > _text(after)] if after is not None else []
        names = select(heads.c.name).where(*wanted).distinct().order_by(heads.c.name)
        shown = names.limit(limit + 1).subquery()
        chosen = with_answer().join(heads, heads.c.number == reports.c.number)
        chosen = chosen.join(shown, shown.c.name == heads.c.name)
        listed: dict[str, dict[str, Entry]] = {}
        for row in self._rows(chosen.order_by(reports.c.name, reports.c.policy)):
            listed.setdefault(row["name"], {})[row["policy"]] = entry(row)
        page = tuple(Listed(name, latest) for name, latest in list(listed.items())[:limit])
        return Page(page, _cursor(page[-1].name) if len(listed) > limit else None)

    def candidate(self, name: str) -> Listed | None:
        """The candidate of exactly this name, as `names` lists it; None where there is none."""
        chosen = with_answer().join(heads, heads.c.number == reports.c.number)
        rows = self._rows(chosen.where(heads.c.name == name).order_by(heads.c.policy))
        return Listed(name, {row["policy"]: entry(row) for row in rows}) if rows else None

    def series(self, name: str, policy: str, limit: int = 1_000) -> list[Sample]:
        """The last reports of a candidate under a policy, oldest first, with their measurements."""
        _check(limit)
        columns = ("id", "finished_at", "verdict", "config_digest", "manifest_digest")
        chosen = select(*(reports.c[key] for key in columns), contents.c.points).join(contents)
        chosen = chosen.where(reports.c.name == name, reports.c.policy == policy)
        order = (reports.c.finished_at.desc(), reports.c.number.desc())
        found = self._rows(chosen.order_by(*order).limit(limit))
        return [
            Sample(
                row["id"],
                row["finished_at"],
                row["verdict"],
                row["manifest_digest"] or row["config_digest"],
                points(row["points"]),
            )
            for row in reversed(found)
        ]

    def _rows(self, chosen: Select[Any]) -> list[Any]:
        with self.reading() as connection:
            return list(connection.execute(chosen).mappings())


def _check(limit: int, *moments: dt.datetime | None) -> None:
    if not 1 <= limit <= MAX_PAGE:
        raise Refused(f"limit: {limit} is not from 1 to {MAX_PAGE}")
    for moment in moments:
        if moment is not None and moment.tzinfo is None:
            raise Refused(f"{moment.isoformat()} has no time zone", "expected one like UTC")


def _place(row: Any) -> str:
    return _cursor(f"{(row['finished_at'] - _EPOCH) // _MICROSECOND} {row['number']}")


def _beyond(after: str) -> ColumnElement[bool]:
    """What comes behind a place in the list."""
    match = _PLACE.fullmatch(_text(after))
    if match is None:
        raise _no_cursor()
    try:
        moment = _EPOCH + dt.timedelta(microseconds=int(match[1]))
    except OverflowError:
        raise _no_cursor() from None
    same = and_(reports.c.finished_at == moment, reports.c.number < int(match[2]))
    return or_(reports.c.finished_at < moment, same)


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode("utf-8")).decode("ascii").rstrip("=")


def _text(cursor: str) -> str:
    try:
        if not _CURSOR.fullmatch(cursor):
            raise _no_cursor()
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8")
    except (UnicodeError, binascii.Error):
        raise _no_cursor() from None


def _no_cursor() -> Refused:
    return Refused("after: no such place", "give the `next` of the page before, unchanged")
