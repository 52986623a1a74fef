"""The judge: nothing passes by silence."""

from __future__ import annotations

import math

import pytest

from harness.judge import judge, more_data
from harness.limits import Limit
from harness.model import Evidence, Finding, Measurement, Outcome, Severity

P99 = {"p99": Limit.parse("<= 250 ms")}


def test_a_measurement_inside_its_limit_passes() -> None:
    assert judge(P99, Measurement("p99", 200, "ms")).outcome is Outcome.PASSED


def test_the_reason_of_a_failure_names_value_limit_interval_and_n() -> None:
    found = judge(P99, [Measurement("p99", 312, "ms", low=290, high=340, n=2000)])
    assert found.reason == "p99 = 312 ms, must be <= 250 ms (interval 290 to 340 ms, n = 2000)"


def test_the_reason_of_doubt_says_how_much_more_data_would_decide() -> None:
    found = judge(P99, [Measurement("p99", 240, "ms", low=220, high=260, n=1000)])
    assert (found.outcome, found.reason.rpartition("; ")[2]) == (
        Outcome.INCONCLUSIVE,
        "about 3000 more samples would decide",
    )


def test_a_check_that_knows_better_says_how_much_more_data_would_decide() -> None:
    measured = Measurement("p99", 240, "ms", low=220, high=260, n=1000, more=598)
    found = judge(P99, [measured])
    assert found.reason.endswith("; about 598 more samples would decide")
    assert found.measurements[0].more == 598


def test_a_reason_names_what_the_value_is_of() -> None:
    found = judge(P99, [Measurement("p99", 312, "ms", about="route /b")])
    assert found.reason == "p99 of route /b = 312 ms, must be <= 250 ms"


def test_at_the_limit_itself_no_amount_of_data_is_promised() -> None:
    measured = Measurement("p99", 250, "ms", low=240, high=260, n=10)
    assert more_data(measured, P99["p99"]) == "too close to the limit to tell"


@pytest.mark.parametrize(
    "returned",
    [
        pytest.param(None, id="nothing"),
        pytest.param([], id="an empty list"),
        pytest.param(True, id="a truth value"),
        pytest.param("fine", id="a text"),
        pytest.param([1.0], id="bare numbers"),
        pytest.param([Evidence("text", "log", {"text": "fine"})], id="an attachment alone"),
        pytest.param([Measurement("p50", 1, "ms")], id="a limit without its measurement"),
        pytest.param([Measurement("p99", math.nan, "ms")], id="NaN"),
        pytest.param([Measurement("p99", math.inf, "ms")], id="infinity"),
        pytest.param([Measurement("p99", 1, "ms", low=math.nan, high=2)], id="a NaN bound"),
        pytest.param([Measurement("p99", 1, "ms", low=2, high=3)], id="a value off its interval"),
        pytest.param([Measurement("p99", 1, "MiB")], id="another dimension"),
        pytest.param([Measurement("p99", 1, "furlongs")], id="a unit that does not exist"),
        pytest.param([Measurement("p99", 1, "ms")] * 2, id="the same measurement twice"),
    ],
)
def test_evidence_that_cannot_be_judged_is_errored_with_a_reason(returned: object) -> None:
    found = judge(P99, returned)
    assert found.outcome is Outcome.ERRORED and found.reason


def test_a_number_that_is_not_finite_is_errored_even_without_a_limit() -> None:
    assert judge({}, Measurement("x", math.nan)).outcome is Outcome.ERRORED


def test_a_number_that_is_not_finite_never_reaches_the_report() -> None:
    assert judge({}, Measurement("x", math.nan)).measurements[0].value is None


def test_a_measurement_without_a_limit_is_information() -> None:
    found = judge({}, Measurement("x", 3))
    assert (found.outcome, found.measurements[0].outcome) == (Outcome.PASSED, None)


def test_an_error_finding_fails_and_its_place_is_in_the_reason() -> None:
    found = judge({}, Finding("response-schema", "expected a boolean", location="$.positive"))
    assert (found.outcome, found.reason) == (
        Outcome.FAILED,
        "expected a boolean (at $.positive)",
    )


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.INFO])
def test_lesser_findings_do_not_fail(severity: Severity) -> None:
    assert judge({}, Finding("x", "a remark", severity=severity)).outcome is Outcome.PASSED


def test_doubt_turns_a_measured_failure_into_inconclusive() -> None:
    doubt = Finding("invalid-run", "the client was overloaded", severity=Severity.DOUBT)
    found = judge(P99, [Measurement("p99", 900, "ms"), doubt])
    assert (found.outcome, found.measurements[0].outcome) == (Outcome.INCONCLUSIVE,) * 2


def test_doubt_does_not_excuse_an_error_finding() -> None:
    doubt = Finding("invalid-run", "the client was overloaded", severity=Severity.DOUBT)
    assert judge({}, [doubt, Finding("x", "broken")]).outcome is Outcome.FAILED


def test_a_failure_that_was_seen_outweighs_evidence_that_is_missing() -> None:
    assert judge(P99, Finding("x", "broken")).outcome is Outcome.FAILED


def test_many_reasons_are_cut_to_one_line() -> None:
    found = judge({}, [Finding("x", f"broken\n{i}") for i in range(5)])
    assert found.reason == "broken 0; broken 1 (and 3 more)"


def test_a_generator_of_evidence_is_read() -> None:
    assert judge(P99, (Measurement(n, 1, "ms") for n in ("p99", "p50"))).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "returned",
    [
        pytest.param(
            Finding("x", "bad", severity="critical"),  # type: ignore[arg-type]
            id="an invented severity",
        ),
        pytest.param([Finding("x", None)], id="no message"),  # type: ignore[arg-type]
        pytest.param([Measurement("p99", True, "ms")], id="a truth value as a number"),
        pytest.param([Measurement("p99", "1")], id="a text as a number"),  # type: ignore[arg-type]
        pytest.param([Evidence("text", "log", 5)], id="no data"),  # type: ignore[arg-type]
    ],
)
def test_a_record_that_holds_what_it_cannot_is_errored_and_says_what_is_expected(
    returned: object,
) -> None:
    found = judge({}, returned)
    assert found.outcome is Outcome.ERRORED and "expected" in found.reason
