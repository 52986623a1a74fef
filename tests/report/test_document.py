"""The report's fields are what the design promises, and frozen."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from harness.model import CheckResult, Outcome, Waiver
from harness.report import Report, to_json


def test_the_schema_version_is_the_first_field_of_the_document(failed: Report) -> None:
    assert next(iter(json.loads(to_json(failed)))) == "schema_version"


def test_the_top_level_is_what_the_design_names(failed: Report) -> None:
    assert list(json.loads(to_json(failed))) == [
        "schema_version",
        "verdict",
        "reasons",
        "subject",
        "policy",
        "gate",
        "checks",
        "environment",
        "logs",
        "started_at",
        "finished_at",
        "tool",
    ]


def test_a_check_is_written_under_the_names_that_the_design_gives(failed: Report) -> None:
    check = json.loads(to_json(failed))["checks"][2]
    assert check["id"] == "load.latency"
    assert check["outcome"] == "failed"
    assert check["required"] is True
    assert check["measurements"][0] == {
        "name": "latency_p99",
        "value": 312.0,
        "unit": "ms",
        "low": 290.0,
        "high": 340.0,
        "n": 2000,
        "limit": "<= 250 ms",
        "outcome": "failed",
        "about": "",
        "more": None,
    }
    assert check["declared"] == {
        "limits": {"latency_p99": "<= 250 ms"},
        "measures": ["latency_p95"],
        "advisory": False,
        "applies": True,
    }


def test_a_report_cannot_be_changed(failed: Report) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        failed.verdict = failed.verdict


def test_a_report_of_another_major_version_cannot_be_made(failed: Report) -> None:
    with pytest.raises(ValidationError, match="schema_version"):
        Report.model_validate({**dict(failed), "schema_version": "2.0"})


def test_the_duration_is_from_the_beginning_to_the_verdict(failed: Report) -> None:
    assert failed.duration_s == 51.5


def test_a_waiver_is_found_for_the_failure_that_it_lets_through(failed: Report) -> None:
    waiver = Waiver("image.root_user", "fix is in review: OPS-212", "2027-01-31")
    assert failed.waiver_of(failed.checks[3]) == waiver


def test_a_check_that_did_not_fail_has_no_waiver(failed: Report) -> None:
    broken = CheckResult("image.root_user", 1, "t", Outcome.ERRORED, "broken")
    assert failed.waiver_of(broken) is None


def test_a_waiver_that_had_expired_when_it_was_judged_counts_no_more(failed: Report) -> None:
    later = failed.policy.model_copy(update={"applied_on": "2027-02-01"})
    assert failed.model_copy(update={"policy": later}).waiver_of(failed.checks[3]) is None
