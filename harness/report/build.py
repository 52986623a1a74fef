"""From the decision and the facts around it to the report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict

from harness import __version__
from harness.config import Policy
from harness.model import Candidate
from harness.report.bounds import bounded, tail, text
from harness.report.document import (
    SCHEMA_VERSION,
    GateUsed,
    PolicyUsed,
    Report,
    Scalar,
    Tool,
)
from harness.verdict import Decision


def build(
    decision: Decision,
    *,
    candidate: Candidate,
    policy: Policy,
    gate_digest: str,
    gate_path: str | None = None,
    environment: Mapping[str, Scalar],
    logs: str = "",
    started_at: dt.datetime | str,
    finished_at: dt.datetime | str,
    today: dt.date | None = None,
) -> Report:
    """The report of one run. Times are aware, as datetime or ISO text; they are kept in UTC.

    `today` is the day that the waivers were held against, by default the day it finished.
    """
    finished = _utc(finished_at)
    return Report(
        schema_version=SCHEMA_VERSION,
        verdict=decision.verdict,
        reasons=tuple(text(reason) for reason in decision.reasons),
        subject=Candidate(**{k: v and text(v) for k, v in asdict(candidate).items()}),
        policy=policy_used(policy, today or finished.date()),
        gate=GateUsed(path=None if gate_path is None else text(gate_path), digest=gate_digest),
        checks=tuple(bounded(result) for result in decision.results),
        environment={key: _scalar(environment[key]) for key in sorted(environment)},
        logs=tail(logs),
        started_at=_utc(started_at),
        finished_at=finished,
        tool=this_tool(),
    )


def policy_used(
    policy: Policy, today: dt.date, measured_confidence: float | None = None
) -> PolicyUsed:
    """The policy as a report records it."""
    return PolicyUsed(
        name=policy.name,
        digest=policy.digest,
        confidence=policy.confidence,
        required=policy.required,
        limits=dict(sorted(policy.limits.items())),
        waivers=policy.waivers,
        measured_confidence=measured_confidence,
        applied_on=today.isoformat(),
    )


def this_tool() -> Tool:
    """Releasegate, as it signs its reports."""
    return Tool(name="releasegate", version=__version__)


def _scalar(value: Scalar) -> Scalar:
    return text(value) if isinstance(value, str) else value


def _utc(moment: dt.datetime | str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone, expected one like UTC")
    return moment.astimezone(dt.UTC)
