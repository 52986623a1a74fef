"""The report's fields are what the design promises, and frozen."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from harness.config import Policy
from harness.model import CheckResult, Outcome, Waiver
from harness.report import PolicyUsed, Report, to_json

Making = Callable[..., Report]


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


@pytest.mark.parametrize("day", ["soon", "20270131", "2027-W01-1", "2027-01-31T00:00", "zzzz", ""])
def test_a_day_has_one_form_so_that_days_can_be_compared(day: str, failed: Report) -> None:
    policy = failed.policy.model_dump(mode="json")
    waiver = {"check": "image.root_user", "reason": "OPS-212", "expires": day}
    for member, value in (("applied_on", day), ("waivers", [waiver])):
        with pytest.raises(ValidationError, match=rf"{member}\n"):
            PolicyUsed.model_validate_json(json.dumps(policy | {member: value}))


def test_a_report_expires_with_the_earliest_waiver_that_it_leans_on(make: Making) -> None:
    failures = tuple(
        CheckResult(f"image.{name}", 1, name, Outcome.FAILED, "wrong") for name in ("a", "b", "c")
    )
    ends = {"image.a": "2027-02-01", "image.b": "2027-01-31", "image.d": "2026-12-01"}
    waivers = tuple(Waiver(check, "OPS-212", day) for check, day in ends.items())
    assert make(failures, Policy("prd", 0.95, ("image",), {}, waivers)).expires_on == dt.date(
        2027, 1, 31
    )


def test_a_report_that_leans_on_no_waiver_does_not_expire(passed: Report) -> None:
    assert passed.expires_on is None


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-01:00"])
def test_a_moment_that_utc_cannot_tell_is_refused(moment: str, failed: Report) -> None:
    document = json.loads(to_json(failed)) | {"finished_at": moment}
    with pytest.raises(ValidationError, match="expected a time that UTC can tell"):
        Report.model_validate_json(json.dumps(document))
