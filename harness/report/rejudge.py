"""Judging a report again: recorded evidence, another policy, nothing is run. Pure."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

from harness.config import Policy
from harness.errors import ReportError
from harness.judge import judge
from harness.labels import declared_as
from harness.limits import Limit
from harness.model import CheckResult, JudgedMeasurement, Measurement, Outcome, Severity
from harness.report.build import policy_used, this_tool
from harness.report.document import SCHEMA_VERSION, Report
from harness.verdict import decide


def rejudge(report: Report, policy: Policy, today: dt.date) -> Report:
    """The same run under `policy`, as of `today`.

    Limits are the policy's over the defaults that the checks declared. What errored or was
    skipped stays so. Intervals can be held against the confidence they were computed at, or
    a lower one: a policy that asks for more makes their checks errored.

    Raises ReportError where the report holds a limit that cannot be read.
    """
    recorded = report.policy.recorded
    results = [_again(result, policy, recorded) for result in report.checks]
    decision = decide(results, policy.required, policy.waivers, today, policy.limits)
    return report.model_copy(
        update={
            "schema_version": SCHEMA_VERSION,
            "verdict": decision.verdict,
            "reasons": decision.reasons,
            "policy": policy_used(policy, today, _unlike(recorded, policy.confidence)),
            "checks": decision.results,
            "tool": this_tool(),
        }
    )


def _again(result: CheckResult, policy: Policy, recorded: float) -> CheckResult:
    if result.outcome in (Outcome.ERRORED, Outcome.SKIPPED) or not _explained(result):
        return result
    limits = _limits(result, policy)
    measured = (_measurement(row, limits.get(row.name)) for row in result.measurements)
    evidence = (*measured, *result.findings)
    judgement = judge(limits, evidence)
    if policy.confidence > recorded and any(_leans(row, limits) for row in result.measurements):
        return replace(
            result,
            outcome=Outcome.ERRORED,
            reason=f"its intervals were computed at {recorded:.4g} confidence, "
            f"the policy asks for {policy.confidence:.4g}: run the gate again",
            measurements=judgement.measurements,
        )
    return replace(
        result,
        outcome=judgement.outcome,
        reason=judgement.reason,
        measurements=judgement.measurements,
    )


def _unlike(recorded: float, asked: float) -> float | None:
    return None if recorded == asked else recorded


def _explained(result: CheckResult) -> bool:
    """Whether the evidence shows why the check did not pass: if not, no other limit mends it."""
    if result.outcome is Outcome.PASSED:
        return True
    weight = Severity.ERROR if result.outcome is Outcome.FAILED else Severity.DOUBT
    return any(row.outcome is result.outcome for row in result.measurements) or any(
        finding.severity is weight for finding in result.findings
    )


def _limits(result: CheckResult, policy: Policy) -> dict[str, Limit]:
    """The limits in force on what this check measures or promised to measure."""
    declared = result.declared
    try:
        defaults = {name: Limit.parse(text) for name, text in declared.limits.items()}
    except ValueError as problem:
        raise ReportError(f"{result.id}: declared limit: {problem}") from None
    own = {*declared.limits, *declared.measures, *(row.name for row in result.measurements)}
    in_force = policy.limits_of(result.family, defaults)
    for name, limit in in_force.items():
        like = defaults.get(declared_as(name, defaults) or "")
        if like is not None and limit.opposes(like):
            raise ReportError(
                f"{result.id}: limit {name} = {limit.text!r} bounds it from the wrong side: "
                f"expected one like {like.text!r}"
            )
    known = {name for name in in_force if name in own or declared_as(name, own)}
    return {name: limit for name, limit in in_force.items() if name in known}


def _measurement(row: JudgedMeasurement, limit: Limit | None) -> Measurement:
    value = math.nan if row.value is None else row.value
    ends = {"low": row.low, "high": row.high}
    same = limit is not None and limit.text == row.limit  # what would decide another is not known
    more = row.more if same else None
    return Measurement(row.name, value, row.unit, **ends, n=row.n, about=row.about, more=more)


def _leans(row: JudgedMeasurement, limits: dict[str, Limit]) -> bool:
    """Whether the verdict on it leans on an interval."""
    return row.name in limits and (row.low is not None or row.high is not None)
