"""gl-code-quality.json has the fields that GitLab documents, and no fingerprint twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Policy
from harness.model import CheckResult, Finding, Outcome, Severity
from harness.report import Report
from harness.report.formats import gitlab

Making = Callable[..., Report]
POLICY = Policy("prd", 0.95, ("source",))
SEVERITIES = {"info", "minor", "major", "critical", "blocker"}  # all that GitLab knows


def entries(report: Report) -> list[dict[str, Any]]:
    """The findings, once each was held against GitLab's documentation, field by field."""
    found = json.loads(gitlab.render(report))
    for entry in found:
        assert set(entry) == {
            "description",
            "check_name",
            "fingerprint",
            "severity",
            "location",
        }
        assert entry["severity"] in SEVERITIES
        assert all(isinstance(entry[key], str) and entry[key] for key in set(entry) - {"location"})
        path, begin = entry["location"]["path"], entry["location"]["lines"]["begin"]
        assert isinstance(begin, int) and begin > 0
        assert path and not path.startswith(("/", "./", "../"))
    assert len({entry["fingerprint"] for entry in found}) == len(found)
    return list(found)


def source(*findings: Finding, outcome: Outcome = Outcome.FAILED) -> CheckResult:
    """A check of the source with these findings."""
    return CheckResult("source.lint", 1, "t", outcome, "because", findings=findings)


@pytest.mark.parametrize(
    ("severity", "outcome", "expected"),
    [
        (Severity.ERROR, Outcome.FAILED, "blocker"),
        (Severity.ERROR, Outcome.PASSED, "major"),
        (Severity.DOUBT, Outcome.INCONCLUSIVE, "minor"),
        (Severity.WARNING, Outcome.PASSED, "minor"),
        (Severity.INFO, Outcome.PASSED, "info"),
    ],
)
def test_only_what_closes_the_gate_is_a_blocker(
    make: Making, severity: Severity, outcome: Outcome, expected: str
) -> None:
    finding = Finding("F821", "undefined name", severity=severity, location="app.py:12")
    (entry,) = entries(make((source(finding, outcome=outcome),), POLICY))
    assert entry["severity"] == expected
    assert entry["location"] == {"path": "app.py", "lines": {"begin": 12}}
    assert entry["description"] == "undefined name"


def test_a_place_inside_the_image_is_in_the_text(make: Making) -> None:
    finding = Finding("secret", "a private key", location="/app/id_rsa")
    check = CheckResult("image.secrets", 1, "t", Outcome.FAILED, "because", findings=(finding,))
    (entry,) = entries(make((check,), Policy("prd", 0.95, ("image",))))
    assert entry["description"] == "a private key (/app/id_rsa)"
    assert entry["location"] == {"path": "gate.toml", "lines": {"begin": 1}}


def test_a_waived_finding_says_so_and_is_no_blocker(failed: Report) -> None:
    (entry,) = entries(failed)
    assert entry["description"] == "waived (fix is in review: OPS-212): runs as root"
    assert entry["severity"] == "major"


def test_the_same_finding_twice_has_two_fingerprints(make: Making) -> None:
    twice = (Finding("F401", "unused", location="app.py:1"),) * 2
    assert len(entries(make((source(*twice),), POLICY))) == 2


def test_no_findings_are_an_empty_list(passed: Report) -> None:
    assert gitlab.render(passed) == "[]\n"


def test_traps_do_nothing(make: Making, traps: Report) -> None:
    trap = traps.subject.name
    report = make((source(Finding(trap, trap, location=trap)),), POLICY)
    entries(report)
    text = gitlab.render(report)
    assert "##vso[" not in text and "\\u001b" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
