"""report.sarif is SARIF 2.1.0, within what GitHub takes, whatever the findings say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

from harness import paths
from harness.config import Policy
from harness.model import CheckResult, Finding, Outcome, Severity
from harness.report import Report
from harness.report.formats import sarif

Making = Callable[..., Report]
POLICY = Policy("prd", 0.95, ("source",))
LINT = CheckResult(
    "source.lint",
    1,
    "t",
    Outcome.FAILED,
    "2 findings",
    findings=(
        Finding("F821", "undefined name 'x'", location="webapp/app.py:12"),
        Finding("no-user", "no USER", severity=Severity.INFO, location="Dockerfile"),
    ),
)


def run_of(report: Report) -> dict[str, Any]:
    """The only run, once the whole document was held against the schema."""
    document = json.loads(sarif.render(report))
    schema = json.loads((paths.contracts() / "formats/sarif-2.1.0.schema.json").read_text())
    Draft4Validator(schema, format_checker=FormatChecker()).validate(document)
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def test_a_finding_is_a_result_at_its_line(make: Making) -> None:
    first, second = run_of(make((LINT,), POLICY))["results"]
    assert (first["ruleId"], first["level"]) == ("F821", "error")
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "webapp/app.py"},
        "region": {"startLine": 12},
    }
    assert (second["ruleId"], second["level"]) == ("no-user", "note")


def test_each_result_points_to_its_rule(make: Making) -> None:
    run = run_of(make((LINT,), POLICY))
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["F821", "no-user"]
    assert [rules[one["ruleIndex"]] for one in run["results"]] == rules


def test_the_exit_code_is_the_verdicts(make: Making, passed: Report) -> None:
    assert run_of(passed)["invocations"][0]["exitCode"] == 0
    assert run_of(make((LINT,), POLICY))["invocations"][0]["exitCode"] == 1


def test_a_waived_finding_is_suppressed_and_says_why(failed: Report) -> None:
    (result,) = run_of(failed)["results"]
    assert result["suppressions"] == [
        {"kind": "external", "justification": "waived until 2027-01-31: fix is in review: OPS-212"}
    ]


def test_without_findings_there_is_a_run_without_results(passed: Report) -> None:
    assert run_of(passed)["results"] == []


def test_what_github_would_not_show_is_left_out_and_counted(make: Making) -> None:
    flood = tuple(Finding("F401", f"unused {n}", location=f"a.py:{n + 1}") for n in range(190))
    checks = tuple(replace(LINT, id=f"source.lint[{n}]", findings=flood) for n in range(28))
    (run,) = json.loads(sarif.render(make(checks, POLICY)))["runs"]
    assert len(run["results"]) == sarif.MAX_RESULTS
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("320 more findings were left out")


def test_fingerprints_are_unique(make: Making) -> None:
    twice = replace(LINT, id="source.other")
    results = run_of(make((LINT, twice), POLICY))["results"]
    assert len({one["partialFingerprints"]["releasegate/v1"] for one in results}) == 4


def test_traps_do_nothing(make: Making, traps: Report) -> None:
    trap = traps.subject.name
    finding = Finding(trap, trap, location=f"javascript:alert(1)/{trap}:3")
    text = sarif.render(make((replace(LINT, findings=(finding,)),), POLICY, name=trap))
    (result,) = run_of(make((replace(LINT, findings=(finding,)),), POLICY))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("javascript%3Aalert")
    assert "##vso[" not in text
    assert "\\u001b" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
