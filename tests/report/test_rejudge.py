"""Recorded evidence under another policy: same rule, nothing forgiven that was not shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.config import Policy
from harness.errors import ReportError
from harness.model import (
    CheckResult,
    Declared,
    Finding,
    JudgedMeasurement,
    Outcome,
    Severity,
    Verdict,
    Waiver,
)
from harness.report import Report, parse, rejudge, to_json

TODAY = dt.date(2026, 12, 1)
DECLARED = Declared({"latency_p99": "<= 250 ms"}, ("latency_p95",))
P99 = JudgedMeasurement("latency_p99", 240.0, "ms", 230.0, 249.0, 2000, "<= 250 ms", Outcome.PASSED)
LATENCY = CheckResult(
    "load.latency", 1, "t", Outcome.PASSED, measurements=(P99,), declared=DECLARED
)
Making = Callable[..., Report]


def policy(
    limits: dict[str, str] | None = None,
    confidence: float = 0.95,
    waivers: tuple[Waiver, ...] = (),
    required: tuple[str, ...] = ("load",),
) -> Policy:
    """A policy that requires the load family."""
    return Policy("other", confidence, required, limits or {}, waivers)


def again(make: Making, result: CheckResult, under: Policy) -> Report:
    """The report of one check, judged again after a trip through JSON."""
    first = make((result,), policy())
    return rejudge(parse(to_json(first).encode()), under, TODAY)


def test_the_same_policy_gives_the_same_verdict(make: Making) -> None:
    report = again(make, LATENCY, policy())
    assert (report.verdict, report.checks[0].outcome) == (Verdict.PASS, Outcome.PASSED)


def test_a_stricter_limit_fails_what_had_passed(make: Making) -> None:
    report = again(make, LATENCY, policy({"load.latency_p99": "<= 0.2 s"}))
    assert report.verdict is Verdict.FAIL
    assert report.checks[0].measurements[0].limit == "<= 0.2 s"
    assert report.reasons[0].startswith("load.latency failed: latency_p99 = 240 ms, must be <= 0.2")


def test_a_limit_inside_the_interval_is_inconclusive(make: Making) -> None:
    report = again(make, LATENCY, policy({"load.latency_p99": "<= 245 ms"}))
    assert report.verdict is Verdict.INCONCLUSIVE


def test_what_the_check_knew_of_more_data_holds_for_its_own_limit_alone(make: Making) -> None:
    row = replace(P99, high=260.0, outcome=Outcome.INCONCLUSIVE, about="route /b", more=77)
    doubtful = replace(LATENCY, outcome=Outcome.INCONCLUSIVE, reason="r", measurements=(row,))
    same = again(make, doubtful, policy()).checks[0]
    other = again(make, doubtful, policy({"load.latency_p99": "<= 245 ms"})).checks[0]
    assert same.reason.startswith("latency_p99 of route /b = 240 ms")
    assert same.reason.endswith("; about 77 more samples would decide")
    assert other.reason.endswith("; about 30000 more samples would decide")
    assert other.measurements[0].more is None


def test_a_looser_limit_passes_what_had_failed(make: Making) -> None:
    failed = replace(
        LATENCY,
        outcome=Outcome.FAILED,
        reason="too slow",
        measurements=(replace(P99, value=300.0, low=290.0, high=310.0, outcome=Outcome.FAILED),),
    )
    report = again(make, failed, policy({"load.latency_p99": "<= 400 ms"}))
    assert (report.verdict, report.checks[0].reason) == (Verdict.PASS, "")


def test_the_declared_limit_holds_where_the_policy_is_silent(make: Making) -> None:
    loosened = replace(P99, value=300.0, low=290.0, high=310.0, limit="<= 400 ms")
    report = again(make, replace(LATENCY, measurements=(loosened,)), policy())
    assert report.verdict is Verdict.FAIL
    assert report.checks[0].measurements[0].limit == "<= 250 ms"


@pytest.mark.parametrize("outcome", [Outcome.ERRORED, Outcome.SKIPPED])
def test_what_did_not_come_to_a_judgement_stays_so(make: Making, outcome: Outcome) -> None:
    report = again(make, replace(LATENCY, outcome=outcome, reason="why"), policy())
    assert (report.checks[0].outcome, report.checks[0].reason) == (outcome, "why")
    assert report.verdict is not Verdict.PASS


def test_a_finding_fails_under_every_limit(make: Making) -> None:
    broken = replace(
        LATENCY, outcome=Outcome.FAILED, reason="x", findings=(Finding("a", "it is broken"),)
    )
    report = again(make, broken, policy({"load.latency_p99": "<= 900 ms"}))
    assert report.checks[0].reason == "it is broken"


def test_a_doubt_stays_a_doubt(make: Making) -> None:
    doubt = Finding("a", "the machine was busy", severity=Severity.DOUBT)
    doubted = replace(LATENCY, outcome=Outcome.INCONCLUSIVE, reason="x", findings=(doubt,))
    assert again(make, doubted, policy()).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INCONCLUSIVE])
def test_a_check_that_its_evidence_does_not_explain_is_not_forgiven(
    make: Making, outcome: Outcome
) -> None:
    report = again(make, replace(LATENCY, outcome=outcome, reason="for its own reason"), policy())
    assert (report.checks[0].outcome, report.checks[0].reason) == (outcome, "for its own reason")


def test_a_measurement_that_was_not_finite_errors(make: Making) -> None:
    missing = replace(P99, value=None, low=None, high=None)
    report = again(make, replace(LATENCY, measurements=(missing,)), policy())
    assert report.verdict is Verdict.ERROR


def test_a_declared_limit_without_its_measurement_errors(make: Making) -> None:
    other = JudgedMeasurement("latency_p95", 10.0, "ms")
    report = again(make, replace(LATENCY, measurements=(other,)), policy())
    assert (report.verdict, report.checks[0].outcome) == (Verdict.ERROR, Outcome.ERRORED)


def test_a_limit_on_what_no_check_measures_is_an_error(make: Making) -> None:
    report = again(make, LATENCY, policy({"load.latncy_p99": "<= 1 ms"}))
    assert report.verdict is Verdict.ERROR
    assert report.reasons == ("load.latncy_p99: the policy limits it, but no check measures it",)


def test_a_limit_of_a_sibling_is_not_asked_of_this_check(make: Making) -> None:
    errors = CheckResult(
        "load.errors", 1, "t", Outcome.PASSED, measurements=(JudgedMeasurement("rate", 0.0, "%"),)
    )
    first = make((LATENCY, errors), policy())
    report = rejudge(first, policy({"load.rate": "<= 1 %"}), TODAY)
    assert report.verdict is Verdict.PASS
    assert report.checks[1].measurements[0].limit == "<= 1 %"


def test_a_limit_in_another_dimension_errors(make: Making) -> None:
    report = again(make, LATENCY, policy({"load.latency_p99": "<= 3 MiB"}))
    assert (report.verdict, report.checks[0].outcome) == (Verdict.ERROR, Outcome.ERRORED)


def test_more_confidence_than_was_measured_errors(make: Making) -> None:
    report = again(make, LATENCY, policy(confidence=0.99))
    assert report.verdict is Verdict.ERROR
    assert report.checks[0].reason == (
        "its intervals were computed at 0.95 confidence, the policy asks for 0.99: "
        "run the gate again"
    )


def test_less_confidence_than_was_measured_is_fine(make: Making) -> None:
    assert again(make, LATENCY, policy(confidence=0.9)).verdict is Verdict.PASS


def test_the_confidence_of_the_intervals_is_not_forgotten_on_the_way(make: Making) -> None:
    lower = again(make, LATENCY, policy(confidence=0.8))
    assert (lower.policy.confidence, lower.policy.measured_confidence) == (0.8, 0.95)
    assert rejudge(lower, policy(confidence=0.95), TODAY).verdict is Verdict.PASS


def test_an_interval_without_a_limit_needs_no_confidence(make: Making) -> None:
    info = JudgedMeasurement("latency_p95", 10.0, "ms", 9.0, 11.0)
    exact = replace(P99, low=None, high=None)
    report = again(make, replace(LATENCY, measurements=(exact, info)), policy(confidence=0.99))
    assert report.verdict is Verdict.PASS


def test_waivers_are_held_against_the_day_it_is_judged_again(make: Making) -> None:
    strict = {"load.latency_p99": "<= 1 ms"}
    valid = Waiver("load.latency", "tracked: OPS-1", "2026-12-01")
    expired = replace(valid, expires="2026-11-30")
    assert again(make, LATENCY, policy(strict, waivers=(valid,))).verdict is Verdict.PASS
    report = again(make, LATENCY, policy(strict, waivers=(expired,)))
    assert report.verdict is Verdict.FAIL
    assert report.waiver_of(report.checks[0]) is None


def test_a_family_that_was_not_run_is_absent(make: Making) -> None:
    report = again(make, LATENCY, policy(required=("load", "accuracy")))
    assert report.verdict is Verdict.ERROR


def test_what_was_tested_and_when_stays(make: Making) -> None:
    first = make((LATENCY,), policy())
    second = rejudge(first, policy({"load.latency_p99": "<= 1 ms"}), TODAY)
    assert second.subject == first.subject
    assert second.finished_at == first.finished_at
    assert second.policy.digest != first.policy.digest


def test_a_declared_limit_that_cannot_be_read_is_refused(make: Making) -> None:
    broken = replace(LATENCY, declared=Declared({"latency_p99": "fast"}))
    with pytest.raises(ReportError, match="load.latency: declared limit: 'fast' is not a limit"):
        rejudge(make((broken,), policy()), policy(), TODAY)


PART = replace(P99, name="latency_p95{name=predict}", limit=None, outcome=None)


@pytest.mark.parametrize(
    ("name", "text", "verdict"),
    [
        ("latency_p95{name=predict}", "<= 250 ms", Verdict.PASS),
        ("latency_p95{name=predict}", "<= 200 ms", Verdict.FAIL),
        ("latency_p95{name=other}", "<= 250 ms", Verdict.ERROR),
        ("latency_p97", "<= 250 ms", Verdict.ERROR),
        ("latency_p95{", "<= 250 ms", Verdict.ERROR),
    ],
)
def test_a_limit_on_one_name_is_judged_by_what_was_measured_of_it(
    make: Making, name: str, text: str, verdict: Verdict
) -> None:
    both = replace(LATENCY, measurements=(P99, PART))
    report = again(make, both, policy({f"load.{name}": text}))
    assert report.verdict is verdict


def test_a_limit_from_the_wrong_side_is_refused(make: Making) -> None:
    with pytest.raises(ReportError, match=r"name=x\} = '>= 1 ms' bounds it from the wrong side"):
        rejudge(make((LATENCY,), policy()), policy({"load.latency_p99{name=x}": ">= 1 ms"}), TODAY)
    with pytest.raises(ReportError, match="latency_p99 = '>= 1 ms' bounds it from the wrong side"):
        rejudge(make((LATENCY,), policy()), policy({"load.latency_p99": ">= 1 ms"}), TODAY)
