"""The documents of the interface, for /openapi.json and for what comes in."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.ledger import Entry, Held
from harness.server.answering import Standing
from harness.server.settings import Digest

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A name as it may be asked for: one line."""


class Checks(BaseModel):
    """How many checks came to what."""

    total: int
    passed: int
    failed: int
    inconclusive: int
    error: int
    skipped: int
    waived: int


class GateAnswer(BaseModel):
    """What a controller is told. Every number is finite."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: Annotated[Literal["releasegate.dev/verdict/v1"], Field(alias="schema")]
    verdict: Standing
    opens: Annotated[bool | None, Field(alias="pass")]
    """true for pass, false for fail, null for all else."""
    score: float
    """Share of the checks that passed, in percent; for display, it decides nothing."""
    subject_sha256: str
    policy: str
    reason: str
    """One line of at most 256 bytes."""
    progress: str
    """`4/7 checks`."""
    checks: Checks
    metrics: dict[str, float]
    """`load_latency_p99` and the like; all of a report's, or none."""
    report_url: str = ""
    report_sha256: str = ""
    evaluated_at: str = ""
    expires_at: str | None
    """When a pass has run out."""


class Health(BaseModel):
    """That somebody is there."""

    status: Literal["ok"]


class EntryRow(BaseModel):
    """One report of the ledger, without its content."""

    id: str
    """SHA-256 of the report's bytes, hex."""
    name: str
    reference: str
    config_digest: str | None
    manifest_digest: str | None
    policy: str
    policy_digest: str
    verdict: str
    reason: str
    started_at: dt.datetime
    finished_at: dt.datetime
    stored_at: dt.datetime
    expires_on: dt.date | None
    """Last day of the first waiver to end, where one was needed."""
    publisher: str
    signed_by: str
    """Key of the signature that it came with; empty for none."""
    size: int
    """Bytes."""

    @classmethod
    def of(cls, entry: Entry) -> EntryRow:
        """The row of an entry."""
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class EntryPage(BaseModel):
    """Some reports, the newest first."""

    reports: list[EntryRow]
    next: str | None
    """Give it as `after` for the page that follows."""


class Stored(BaseModel):
    """A report that the ledger holds now."""

    id: str
    verdict: str
    new: bool
    """false: it was there already."""
    report_url: str


class CandidateRow(BaseModel):
    """A candidate, with its newest report under each policy."""

    name: str
    latest: dict[str, EntryRow]


class CandidatePage(BaseModel):
    """Some candidates, by name."""

    candidates: list[CandidateRow]
    next: str | None
    """Give it as `after` for the page that follows."""


class PointRow(BaseModel):
    """One measurement of one report."""

    value: float | None
    low: float | None
    high: float | None
    limit: str | None
    outcome: str | None
    unit: str


class HistoryRow(BaseModel):
    """One report of a history."""

    id: str
    finished_at: dt.datetime
    verdict: str
    digest: str | None
    metrics: dict[str, PointRow]


class History(BaseModel):
    """A candidate's reports under one policy, in the order of time."""

    name: str
    policy: str
    reports: list[HistoryRow]


class Announcement(BaseModel):
    """A gate that is at work."""

    model_config = ConfigDict(extra="forbid", strict=True)

    digest: Digest
    policy: Line
    name: Line
    done: Annotated[int, Field(ge=0, le=100_000)]
    total: Annotated[int, Field(ge=0, le=100_000)]
    ttl_s: Annotated[int, Field(ge=5, le=600)] = 60
    """Without another one for so long it counts as dead."""

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Announcement:
        if self.done > self.total:
            raise ValueError("done is more than total")
        return self


class Move(BaseModel):
    """A digest that shall hold an environment."""

    model_config = ConfigDict(extra="forbid", strict=True)

    digest: Digest


class HeldRow(BaseModel):
    """A digest that holds an environment, or did."""

    environment: str
    name: str
    digest: str
    report: str
    """Id of the report by which it does."""
    by: str
    since: dt.datetime
    until: dt.datetime | None
    """null: it holds it now."""

    @classmethod
    def of(cls, held: Held) -> HeldRow:
        """The row of a holder."""
        return cls(**{name: getattr(held, name) for name in cls.model_fields})


class Environments(BaseModel):
    """What holds which environment: one digest for each candidate."""

    order: list[str]
    """The order in which a digest passes through them; may be empty."""
    holders: list[HeldRow]


class Environment(BaseModel):
    """One environment: what holds it, and what did before."""

    environment: str
    holders: list[HeldRow]
    history: list[HeldRow]
