"""gl-code-quality.json: findings of source and image for GitLab's code quality report."""

from __future__ import annotations

import json

from harness.model import Severity
from harness.report.document import Report
from harness.report.escape import printable
from harness.report.located import Located, located

FILE = "gl-code-quality.json"

MAX_FINDINGS = 5_000
_LONGEST = 1_000  # characters of one description
_SEVERITIES = {
    Severity.ERROR: "major",
    Severity.DOUBT: "minor",
    Severity.WARNING: "minor",
    Severity.INFO: "info",
}


def render(report: Report) -> str:
    """An array of findings; what keeps the gate closed is a blocker, what is waived is not."""
    found = [_finding(item) for item in located(report)[:MAX_FINDINGS]]
    return json.dumps(found, allow_nan=False, indent=2) + "\n"


def _finding(item: Located) -> dict[str, object]:
    place = f" ({item.place})" if item.place else ""
    waived = f"waived ({printable(item.waiver.reason)}): " if item.waiver else ""
    return {
        "description": f"{waived}{item.message}{place}"[:_LONGEST],
        "check_name": item.rule,
        "fingerprint": item.fingerprint,
        "severity": _severity(item),
        "location": {"path": item.path, "lines": {"begin": item.line}},
    }


def _severity(item: Located) -> str:
    if item.severity is Severity.ERROR and item.closes:
        return "blocker"
    return _SEVERITIES[item.severity]
