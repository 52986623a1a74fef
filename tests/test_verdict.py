"""The verdict rule, case by case: fail closed."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import (
    CheckResult,
    Declared,
    JudgedMeasurement,
    Outcome,
    Verdict,
    Waiver,
)
from harness.verdict import EXIT_CODES, decide

TODAY = dt.date(2026, 11, 21)


def result(name: str, outcome: Outcome, **declared: object) -> CheckResult:
    """A result of which only the outcome matters."""
    said = Declared(**declared)  # type: ignore[arg-type]
    return CheckResult(name, 1, "title", outcome, reason="because", declared=said)


PASSED = result("contract.response", Outcome.PASSED)
FAILED = result("contract.response", Outcome.FAILED)
WAIVER = Waiver("contract.response", "OPS-212", "2026-12-31")
LAPSED = Waiver("contract.response", "OPS-212", "2026-11-20")
LIMIT = ["load.latency_p99"]


@pytest.mark.parametrize(
    ("results", "required", "waivers", "limited", "verdict"),
    [
        pytest.param([PASSED], ["contract"], [], [], "pass", id="required and passed"),
        pytest.param([FAILED], ["contract"], [], [], "fail", id="required and failed"),
        pytest.param([], ["contract"], [], [], "error", id="nothing ran"),
        pytest.param([], [], [], [], "error", id="nothing ran, nothing required"),
        pytest.param([PASSED], [], [], [], "error", id="an empty policy"),
        pytest.param([PASSED], ["load"], [], [], "error", id="a required family is absent"),
        pytest.param([PASSED], ["contract.json"], [], [], "error", id="a required check is absent"),
        pytest.param(
            [result("contract.response", Outcome.SKIPPED)], ["contract"], [], [], "error",
            id="all skipped",
        ),
        pytest.param(
            [PASSED, result("contract.json", Outcome.SKIPPED)], ["contract"], [], [],
            "inconclusive", id="one required check skipped",
        ),
        pytest.param(
            [result("contract.response", Outcome.ERRORED)], ["contract"], [], [], "error",
            id="errored, as with NaN or a missing measurement",
        ),
        pytest.param(
            [FAILED, result("contract.json", Outcome.ERRORED)], ["contract"], [], [], "fail",
            id="failed outweighs errored",
        ),
        pytest.param(
            [result("accuracy.drop", Outcome.INCONCLUSIVE)], ["accuracy"], [], [],
            "inconclusive", id="across the limit",
        ),
        pytest.param(
            [result("contract.x", Outcome.INCONCLUSIVE), result("contract.y", Outcome.ERRORED)],
            ["contract"], [], [], "error", id="errored outweighs inconclusive",
        ),
        pytest.param([FAILED], ["contract"], [WAIVER], [], "pass", id="failed and waived"),
        pytest.param(
            [result("contract.response[a]", Outcome.FAILED)], ["contract"], [WAIVER], [], "pass",
            id="a parametrised check, waived without its parameter",
        ),
        pytest.param([FAILED], ["contract"], [LAPSED], [], "fail", id="failed, waiver expired"),
        pytest.param([PASSED], ["contract"], [LAPSED], [], "inconclusive", id="waiver expired"),
        pytest.param(
            [result("contract.response", Outcome.ERRORED)], ["contract"], [WAIVER], [], "error",
            id="a waiver excuses a failure, not an error",
        ),
        pytest.param(
            [PASSED, result("x.y", Outcome.FAILED)], ["contract"], [], [], "pass",
            id="a check that is not required failed",
        ),
        pytest.param(
            [PASSED, result("startup.read_only", Outcome.FAILED, advisory=True)],
            ["contract", "startup.read_only"], [], [], "fail", id="an advisory check by its id",
        ),
        pytest.param(
            [PASSED, result("startup.ready", Outcome.PASSED),
             result("startup.read_only", Outcome.FAILED, advisory=True)],
            ["contract", "startup"], [], [], "pass", id="an advisory check by its family",
        ),
        pytest.param(
            [PASSED, result("startup.read_only", Outcome.PASSED, advisory=True)],
            ["contract", "startup"], [], [], "error", id="a family of advisory checks only",
        ),
        pytest.param(
            [PASSED, result("accuracy.drop", Outcome.SKIPPED, applies=False)],
            ["contract", "accuracy"], [], [], "error", id="a required family that never applies",
        ),
        pytest.param(
            [PASSED, result("behaviour.batch", Outcome.SKIPPED, applies=False)],
            ["contract", "behaviour.batch"], [], [], "inconclusive",
            id="a check that does not apply, required by its id",
        ),
        pytest.param([PASSED], ["contract"], [], LIMIT, "error", id="a limit nobody measures"),
        pytest.param(
            [PASSED, result("load.latency", Outcome.SKIPPED, limits={"latency_p99": "<= 1 s"})],
            ["contract"], [], ["load.latency_p95{name=a}"], "inconclusive",
            id="a limit on one name that was not measured",
        ),
        pytest.param(
            [PASSED, result("load.latency", Outcome.SKIPPED, limits={"latency_p99": "<= 1 s"})],
            ["contract"], [], LIMIT, "inconclusive", id="a limit that was not measured",
        ),
        pytest.param(
            [result("contract.response[a]", Outcome.FAILED)], ["contract.response"], [], [],
            "fail", id="a parametrised check, required without its parameter",
        ),
    ],
)  # fmt: skip
def test_the_rule(
    results: list[CheckResult],
    required: list[str],
    waivers: list[Waiver],
    limited: list[str],
    verdict: str,
) -> None:
    decision = decide(results, required, waivers, TODAY, limited)
    assert decision.verdict == verdict and (decision.reasons or verdict == "pass")


def test_a_limit_that_was_measured_is_kept() -> None:
    measured = JudgedMeasurement("latency_p99", 1.0, "ms", limit="<= 2 ms", outcome=Outcome.PASSED)
    load = CheckResult("load.latency", 1, "t", Outcome.PASSED, measurements=(measured,))
    assert decide([PASSED, load], ["contract"], [], TODAY, LIMIT).verdict is Verdict.PASS


def test_a_waiver_holds_on_its_last_day() -> None:
    last = Waiver("contract.response", "OPS-212", TODAY.isoformat())
    assert decide([FAILED], ["contract"], [last], TODAY).verdict is Verdict.PASS


def test_a_waived_failure_is_still_told() -> None:
    assert (
        "waived until 2026-12-31: OPS-212"
        in decide([FAILED], ["contract"], [WAIVER], TODAY).reasons[0]
    )


def test_only_pass_exits_with_zero() -> None:
    assert [v for v, code in EXIT_CODES.items() if code == 0] == [Verdict.PASS]


def test_every_verdict_has_its_own_code_and_none_is_the_usage_code() -> None:
    assert sorted(EXIT_CODES.values()) == [0, 1, 3, 4] and set(EXIT_CODES) == set(Verdict)


OUTCOMES = st.lists(st.sampled_from(list(Outcome)), max_size=6)


@given(OUTCOMES)
def test_pass_means_that_every_required_check_passed(outcomes: list[Outcome]) -> None:
    results = [result(f"contract.c{i}", outcome) for i, outcome in enumerate(outcomes)]
    verdict = decide(results, ["contract"], [], TODAY).verdict
    assert (verdict is Verdict.PASS) == (bool(outcomes) and set(outcomes) == {Outcome.PASSED})


def test_a_waiver_does_not_cover_a_number_that_could_not_be_judged() -> None:
    nan = JudgedMeasurement("share", None, limit="<= 1", outcome=Outcome.ERRORED)
    seen = CheckResult("contract.response", 1, "t", Outcome.FAILED, "bad", measurements=(nan,))
    decision = decide([seen], ["contract"], [WAIVER], TODAY)
    assert decision.verdict is Verdict.ERROR and "share could not be judged" in decision.reasons[0]


def test_a_waiver_does_not_cover_a_limit_that_was_not_measured() -> None:
    seen = result("contract.response", Outcome.FAILED, measures=("share",))
    decision = decide([seen], ["contract"], [WAIVER], TODAY, ["contract.share"])
    assert decision.verdict is Verdict.INCONCLUSIVE


def test_one_cause_of_many_checks_is_told_once_and_names_three_of_them() -> None:
    broken = [result(f"contract.c{i}", Outcome.ERRORED) for i in range(5)]
    assert decide(broken, ["contract"], [], TODAY).reasons == (
        "contract.c0, contract.c1, contract.c2 and 2 more errored: because",
    )
