"""ctrf.json is CTRF, and red for whoever counts nothing but failures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from harness import paths
from harness.config import Policy
from harness.model import CheckResult, JudgedMeasurement, Outcome
from harness.report import Report
from harness.report.formats import ctrf

Making = Callable[..., Report]
READY = CheckResult("startup.ready", 1, "t", Outcome.PASSED, duration_s=2.84)
POLICY = Policy("p", 0.95, ("startup",))


def results(report: Report) -> dict[str, Any]:
    """What stands under `results`, once the whole document was held against the schema."""
    document = json.loads(ctrf.render(report))
    schema = json.loads((paths.contracts() / "formats/ctrf.schema.json").read_text())
    Draft7Validator(schema, format_checker=FormatChecker()).validate(document)
    found = document["results"]
    assert isinstance(found, dict)
    return found


def cases(report: Report) -> dict[str, dict[str, Any]]:
    """The tests by name."""
    return {one["name"]: one for one in results(report)["tests"]}


@pytest.mark.parametrize(
    ("outcome", "status", "verdict"),
    [
        (Outcome.PASSED, "passed", "passed"),
        (Outcome.FAILED, "failed", "failed"),
        (Outcome.INCONCLUSIVE, "other", "failed"),
        (Outcome.ERRORED, "other", "failed"),
        (Outcome.SKIPPED, "skipped", "failed"),
    ],
)
def test_a_closed_gate_always_counts_a_failure(
    make: Making, outcome: Outcome, status: str, verdict: str
) -> None:
    found = cases(make((replace(READY, outcome=outcome, reason="because"),), POLICY))
    assert (found["startup.ready"]["status"], found["gate.verdict"]["status"]) == (status, verdict)
    assert found["startup.ready"]["rawStatus"] == str(outcome)


def test_its_own_library_takes_the_version(failed: Report) -> None:
    """The package `ctrf` 0.3.0 refuses a document of every other one."""
    assert json.loads(ctrf.render(failed))["specVersion"] == "0.0.0"


def test_what_was_tested_is_told_under_a_name_of_our_own(failed: Report) -> None:
    (facts,) = results(failed)["extra"].values()
    assert (facts["verdict"], facts["policy"]) == ("fail", "prd")
    assert facts["configDigest"] == "sha256:" + "9f" * 32


def test_the_summary_counts_the_tests(failed: Report) -> None:
    assert results(failed)["summary"] == {
        "tests": 6,
        "passed": 1,
        "failed": 3,
        "skipped": 1,
        "pending": 0,
        "other": 1,
        "start": 1795246080000,
        "stop": 1795246131500,
    }


def test_a_failure_that_does_not_close_the_gate_is_no_failure(make: Making, failed: Report) -> None:
    assert cases(failed)["image.root_user"]["status"] == "other"
    assert cases(failed)["image.root_user"]["rawStatus"] == "failed, waived until 2027-01-31"
    other = CheckResult("image.size", 1, "t", Outcome.FAILED, "too large")
    found = cases(make((READY, other), POLICY))
    assert found["image.size"]["rawStatus"] == "failed, not required"
    assert found["gate.verdict"]["status"] == "passed"


def test_values_and_limits_travel_as_numbers(failed: Report) -> None:
    seen = cases(failed)["load.latency"]["extra"]["releasegate.dev/check"]
    assert seen["measurements"][0] == {
        "name": "latency_p99",
        "value": 312.0,
        "unit": "ms",
        "low": 290.0,
        "high": 340.0,
        "n": 2000,
        "limit": "<= 250 ms",
        "outcome": "failed",
    }


def test_a_value_that_was_not_finite_is_null(make: Making) -> None:
    odd = JudgedMeasurement("drop", float("nan"), limit="<= 1", outcome=Outcome.ERRORED)
    check = replace(READY, outcome=Outcome.ERRORED, reason="not finite", measurements=(odd,))
    extra = cases(make((check,), POLICY))["startup.ready"]["extra"]
    (row,) = extra["releasegate.dev/check"]["measurements"]
    assert row["value"] is None


def test_traps_do_nothing(traps: Report) -> None:
    results(traps)
    text = ctrf.render(traps)
    assert "##vso[" not in text and "\\u001b" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
