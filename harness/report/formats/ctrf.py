"""ctrf.json: for tools that read the Common Test Report Format."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from typing import Any

from harness.model import CheckResult, JudgedMeasurement, Outcome, Verdict
from harness.report import summary
from harness.report.document import Report
from harness.report.escape import printable

FILE = "ctrf.json"

_STATUSES = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "skipped",
    # CTRF has no word for them; `rawStatus` tells them apart, and the test named gate.verdict
    # is red for whoever counts nothing but failures.
    Outcome.INCONCLUSIVE: "other",
    Outcome.ERRORED: "other",
}
_NAMESPACE = "releasegate.dev"
_FINDINGS = 20  # of one check; the report has all


def render(report: Report) -> str:
    """One test a check, and one for the verdict; `failed` stands only where it closes the gate."""
    tests = [_test(report, result) for result in report.checks if not result.left_out]
    tests.append(_verdict(report))
    document = {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",  # still a draft: its own reader refuses every other number
        "timestamp": report.finished_at.isoformat(timespec="seconds"),
        "generatedBy": printable(f"{report.tool.name}/{report.tool.version}"),
        "results": {
            "tool": {"name": "releasegate", "version": printable(report.tool.version)},
            "summary": _summary(report, tests),
            "tests": tests,
            "extra": {f"{_NAMESPACE}/gate": _facts(report)},
        },
    }
    return json.dumps(document, allow_nan=False, indent=2) + "\n"


def _summary(report: Report, tests: list[dict[str, Any]]) -> dict[str, int]:
    counts = Counter(test["status"] for test in tests)
    statuses = ("passed", "failed", "skipped", "pending", "other")
    return {
        "tests": len(tests),
        **{status: counts[status] for status in statuses},
        "start": _milliseconds(report.started_at),
        "stop": _milliseconds(report.finished_at),
    }


def _test(report: Report, result: CheckResult) -> dict[str, Any]:
    status, raw = _STATUSES[result.outcome], str(result.outcome)
    if result.outcome is Outcome.FAILED and not summary.closes(report, result):
        waiver = report.waiver_of(result)
        status = "other"
        raw = f"failed, waived until {waiver.expires}" if waiver else "failed, not required"
    test: dict[str, Any] = {
        "name": printable(result.id),
        "status": status,
        "duration": round(result.duration_s * 1000),
        "suite": [printable(result.family)],
        "rawStatus": raw,
        "extra": {f"{_NAMESPACE}/check": _seen(result)},
    }
    return test | ({"message": printable(result.reason)} if result.reason else {})


def _seen(result: CheckResult) -> dict[str, Any]:
    return {
        "title": printable(result.title),
        "required": result.required,
        "measurements": [_measured(row) for row in result.measurements],
        "findings": [
            {
                "rule": printable(one.rule),
                "severity": str(one.severity),
                "message": printable(one.message),
                "location": printable(one.location),
            }
            for one in summary.findings(result)[:_FINDINGS]
        ],
    }


def _measured(row: JudgedMeasurement) -> dict[str, Any]:
    """Numbers as they are: null is a value that was not finite, or was not measured."""
    return {
        "name": printable(row.name),
        "value": row.value,
        "unit": printable(row.unit),
        "low": row.low,
        "high": row.high,
        "n": row.n,
        "limit": None if row.limit is None else printable(row.limit),
        "outcome": None if row.outcome is None else str(row.outcome),
    }


def _verdict(report: Report) -> dict[str, Any]:
    told = [summary.sentence(report), *report.reasons]
    return {
        "name": "gate.verdict",
        "status": "passed" if report.verdict is Verdict.PASS else "failed",
        "duration": 0,
        "suite": ["gate"],
        "rawStatus": str(report.verdict),
        "message": "\n".join(printable(line) for line in told),
    }


def _facts(report: Report) -> dict[str, Any]:
    subject = report.subject
    return {
        "verdict": str(report.verdict),
        "policy": printable(report.policy.name),
        "policyDigest": printable(report.policy.digest),
        "candidate": printable(subject.name),
        "reference": printable(subject.reference),
        "configDigest": printable(subject.config_digest or ""),
        "manifestDigest": printable(subject.manifest_digest or ""),
    }


def _milliseconds(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1000)
