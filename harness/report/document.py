"""The report: one document that holds everything a verdict stands on."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from harness.model import Candidate, CheckResult, Outcome, Verdict, Waiver
from harness.verdict import waiver_of

SCHEMA_VERSION = "1.0"
AHEAD = dt.timedelta(minutes=5)  # by which the clock of another machine may be fast
Scalar = str | int | float | bool | None


class Record(BaseModel):
    """A part of the report: frozen, strict, finite; keys of newer minor versions are left aside."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        strict=True,
        allow_inf_nan=False,
        ser_json_inf_nan="constants",  # not silently null: the writer refuses them
        use_attribute_docstrings=True,
    )


class PolicyUsed(Record):
    """The policy that the checks were judged under."""

    name: str
    """Its name in gate.toml."""
    digest: str
    """`sha256:...` over everything in it that can change a verdict."""
    confidence: Annotated[float, Field(gt=0, lt=1)]
    """Confidence that the policy asks of every interval."""
    required: tuple[str, ...] = ()
    """Families and check ids without which the gate stays closed."""
    limits: dict[str, str] = {}
    """`family.measurement` -> limit, where the policy overrides the check's own."""
    waivers: tuple[Waiver, ...] = ()
    """Failures that are accepted for a while."""
    measured_confidence: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Confidence of the recorded intervals, where the report was judged again under another."""
    applied_on: str | None = None
    """The day that the waivers were held against, as an ISO date."""

    @field_validator("waivers")
    @classmethod
    def _end(cls, waivers: tuple[Waiver, ...]) -> tuple[Waiver, ...]:
        for waiver in waivers:
            _iso_date(waiver.expires)
        return waivers

    @field_validator("applied_on")
    @classmethod
    def _day(cls, applied_on: str | None) -> str | None:
        return applied_on if applied_on is None else _iso_date(applied_on)

    @property
    def recorded(self) -> float:
        """The confidence that the intervals of the report really have."""
        return self.measured_confidence or self.confidence


class GateUsed(Record):
    """The gate.toml that was run."""

    path: str | None = None
    """Where it was."""
    digest: str
    """`sha256:...` of the configuration, overrides included."""


class Tool(Record):
    """What wrote the report."""

    name: str
    """`releasegate`."""
    version: str
    """Its version."""


class Report(Record):
    """One run of the gate: what was tested, what was seen, and what was decided."""

    schema_version: Annotated[str, Field(pattern=r"^1\.(0|[1-9][0-9]*)$")]
    """Version of this format: a reader of 1.x reads every 1.y."""
    verdict: Verdict
    """Only "pass" opens the gate."""
    reasons: tuple[str, ...]
    """Why, one line each, the weightiest first."""
    subject: Candidate
    """What was tested."""
    policy: PolicyUsed
    """What it was held against."""
    gate: GateUsed
    """How it was tested."""
    checks: tuple[CheckResult, ...]
    """Every check, in the order of the run."""
    environment: dict[str, Scalar] = {}
    """Where it ran: runtime, engine, machine, versions."""
    logs: str = ""
    """The last that the candidate wrote; bounded."""
    started_at: AwareDatetime
    """When the run began, in UTC."""
    finished_at: AwareDatetime
    """When the verdict was known, in UTC."""
    tool: Tool
    """What wrote this document."""

    @field_validator("started_at", "finished_at")
    @classmethod
    def _moment(cls, moment: dt.datetime) -> dt.datetime:
        try:
            return moment.astimezone(dt.UTC)
        except OverflowError:
            raise ValueError("expected a time that UTC can tell") from None

    @property
    def duration_s(self) -> float:
        """Seconds from the beginning to the verdict."""
        return (self.finished_at - self.started_at).total_seconds()

    def waiver_of(self, result: CheckResult) -> Waiver | None:
        """The waiver that let a failed check through when the verdict was made."""
        if result.outcome is not Outcome.FAILED:
            return None
        day = self.policy.applied_on or self.finished_at.date().isoformat()
        return waiver_of(result, [w for w in self.policy.waivers if day <= w.expires])

    @property
    def expires_on(self) -> dt.date | None:
        """The last day of the earliest waiver that let a required check through; or None."""
        used = (self.waiver_of(result) for result in self.checks if result.required)
        return min((dt.date.fromisoformat(w.expires) for w in used if w), default=None)


def _iso_date(text: str) -> str:
    """A date in the one form whose order as text is its order in time. Raises ValueError."""
    if dt.date.fromisoformat(text).isoformat() != text:
        raise ValueError(f"expected a date like 2027-01-31, received {text!r}")
    return text
