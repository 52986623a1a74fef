"""report.sarif: findings of source and image for code scanning, as SARIF 2.1.0."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from harness.model import Severity, Verdict
from harness.report import summary
from harness.report.document import Report
from harness.report.escape import printable
from harness.report.located import Located, located
from harness.verdict import EXIT_CODES

FILE = "report.sarif"

MAX_RESULTS = 5_000  # of a run, of which GitHub shows no more
_LONGEST = 1_000  # characters of one message
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.DOUBT: "warning",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}


def render(report: Report) -> str:
    """One run; a waived finding is suppressed, with the waiver's reason."""
    found = located(report)
    shown = found[:MAX_RESULTS]
    rules = {item.rule: item for item in reversed(shown)}  # the weightiest of each comes last
    order = sorted(rules)
    run = {
        "tool": {
            "driver": {
                "name": "releasegate",
                "version": printable(report.tool.version),
                "rules": [_rule(rules[name]) for name in order],
            }
        },
        "columnKind": "unicodeCodePoints",
        "automationDetails": {
            "id": f"releasegate/{quote(printable(report.policy.name), safe='')}/"
        },
        "invocations": [_invocation(report, len(found) - len(shown))],
        "results": [_result(item, order.index(item.rule)) for item in shown],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, allow_nan=False, indent=2) + "\n"


def _rule(item: Located) -> dict[str, Any]:
    return {
        "id": item.rule,
        "shortDescription": {"text": f"{item.rule} ({item.check})"[:_LONGEST]},
        "defaultConfiguration": {"level": _LEVELS[item.severity]},
        "properties": {"tags": [item.check.partition(".")[0]]},
    }


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "executionSuccessful": report.verdict is not Verdict.ERROR,
        "exitCode": EXIT_CODES[report.verdict],
        "exitCodeDescription": summary.sentence(report),
        "startTimeUtc": report.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "endTimeUtc": report.finished_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if left_out:
        text = f"{left_out} more findings were left out; report.html has everything"
        told["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    return told


def _result(item: Located, index: int) -> dict[str, Any]:
    physical = {
        "artifactLocation": {"uri": quote(item.path, safe="/")},
        "region": {"startLine": item.line},
    }
    location: dict[str, Any] = {"physicalLocation": physical}
    if item.place:
        location["logicalLocations"] = [{"fullyQualifiedName": item.place[:_LONGEST]}]
    result: dict[str, Any] = {
        "ruleId": item.rule,
        "ruleIndex": index,
        "level": _LEVELS[item.severity],
        "message": {"text": item.message[:_LONGEST]},
        "locations": [location],
        "partialFingerprints": {"releasegate/v1": item.fingerprint},
    }
    if item.waiver is not None:
        reason = f"waived until {item.waiver.expires}: {printable(item.waiver.reason)}"
        result["suppressions"] = [{"kind": "external", "justification": reason}]
    return result
