"""What a ledger hands out: small, frozen records. Every moment is an aware datetime in UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored report, without its body."""

    id: str  # hex SHA-256 of the exact bytes that were stored
    name: str  # of the candidate
    reference: str  # as the report writes it, on one line
    config_digest: str | None
    manifest_digest: str | None
    policy: str
    policy_digest: str
    verdict: str  # pass, fail, inconclusive, error
    reason: str  # one line
    started_at: dt.datetime
    finished_at: dt.datetime
    stored_at: dt.datetime
    expires_on: dt.date | None  # the last day of the first waiver in use to run out
    publisher: str
    signed_by: str  # key id, or empty
    size: int  # bytes of the body
    answer: bytes  # the flat JSON object of `harness.report.flat`, rendered

    @property
    def digest(self) -> str | None:
        """The digest that the report is bound to: the manifest's once it was pushed."""
        return self.manifest_digest or self.config_digest

    def expires_at(self, max_age: dt.timedelta | None) -> dt.datetime | None:
        """The first moment at which it is no evidence any more; None: never.

        `max_age` counts from the end of the run; a waiver holds until the end of its last day.
        """
        ends = [] if max_age is None else [_later(self.finished_at, max_age)]
        if self.expires_on is not None:
            midnight = dt.datetime.combine(self.expires_on, dt.time(), dt.UTC)
            ends.append(_later(midnight, dt.timedelta(days=1)))
        return min(ends, default=None)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of many, and the cursor of those that follow; None at the end."""

    entries: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One candidate with the newest report of each policy."""

    name: str
    latest: Mapping[str, Entry]  # policy -> its newest report


class Point(NamedTuple):
    """One measurement in a history; a tuple, as a page holds tens of thousands of them."""

    value: float  # in `unit`, as low and high are
    low: float | None
    high: float | None
    limit: str | None  # as written
    outcome: str | None  # None: for information
    unit: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One report in a history, with its measurements."""

    id: str
    finished_at: dt.datetime
    verdict: str
    digest: str | None
    points: Mapping[str, Point]  # metric name, as in the flat answer -> point


@dataclass(frozen=True, slots=True)
class Running:
    """A gate at work, as it announced itself."""

    digest: str
    policy: str
    name: str
    done: int
    total: int
    publisher: str
    since: dt.datetime
    until: dt.datetime  # it is forgotten then, unless it announces itself again

    @property
    def progress(self) -> str:
        """`2/7 checks`."""
        return f"{self.done}/{self.total} checks"


@dataclass(frozen=True, slots=True)
class Token:
    """Who may do what; the secret itself is kept nowhere."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """A digest in an environment."""

    environment: str
    name: str  # of the candidate: one digest of each holds an environment
    digest: str  # as it was asked for
    report: str  # id of the report that passed under the environment's policy
    by: str
    since: dt.datetime
    until: dt.datetime | None  # None: it holds the environment now


def _later(moment: dt.datetime, by: dt.timedelta) -> dt.datetime:
    try:
        return moment + by
    except OverflowError:
        return dt.datetime.max.replace(tzinfo=dt.UTC)
