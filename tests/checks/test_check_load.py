"""The load checks, as plain functions on load runs that are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checks import check_load
from harness.config import Gate, load
from harness.declare import spec_of
from harness.judge import Judgement, judge
from harness.limits import Limit
from harness.load import Traffic
from harness.load.traffic import Failure, WarmUp
from harness.load.window import Values, Window
from harness.model import Outcome, Usage

pytestmark = pytest.mark.alone

_MIB = 2**20


def _traffic(response: Values, **keys: Any) -> Traffic:
    n = len(response)
    no = np.zeros(n, dtype=np.bool_)
    failed = np.isinf(response)
    window = Window(
        start=0.0,
        seconds=10.0,
        planned=np.linspace(0, 9.99, n),
        response=response,
        service=np.where(failed, np.nan, response),
        lateness=np.full(n, 0.0001),
        status=np.where(failed, 500, 200).astype(np.int16),
        unsent=no,
        silent=no,
        queued=no,
        pending=no,
        errors=failed,
        done=int(np.count_nonzero(~failed)),
    )
    return Traffic(
        rate=100.0,
        users=64,
        seed=1,
        confidence=0.95,
        ended_early=False,
        window=window,
        warmup=WarmUp(20, 0, 12.0),
        **keys,
    )


def _limits(check: Callable[..., Any]) -> dict[str, Limit]:
    spec = spec_of(check)
    assert spec is not None
    return dict(spec.limits)


def _latency(traffic: Traffic) -> Judgement:
    limits = _limits(check_load.check_latency)
    return judge(limits, check_load.check_latency(traffic, limits))


def _failing(share: float) -> Values:
    response = np.full(1000, 0.01)
    response[np.random.default_rng(1).permutation(1000)[: int(1000 * share)]] = np.inf
    return response


def test_a_fast_service_passes_with_its_percentiles_and_pictures() -> None:
    judged = _latency(_traffic(np.linspace(0.01, 0.05, 1000)))
    assert judged.outcome is Outcome.PASSED
    names = [row.name for row in judged.measurements]
    assert names == ["latency_p50", "latency_p95", "latency_p99"]
    assert [item.kind for item in judged.evidence] == ["histogram", "series"]
    assert all(row.low is not None and row.high is not None for row in judged.measurements)


def test_a_slow_service_fails() -> None:
    judged = _latency(_traffic(np.linspace(0.3, 0.5, 1000)))
    assert judged.outcome is Outcome.FAILED
    assert "latency_p99" in judged.reason


def test_failed_requests_are_slower_than_the_limit() -> None:
    judged = _latency(_traffic(_failing(0.2)))
    assert judged.outcome is Outcome.FAILED
    assert any("200 requests failed and count as one hour" in f.message for f in judged.findings)


def test_too_few_requests_decide_nothing_and_say_how_many_would() -> None:
    judged = _latency(_traffic(np.full(300, 0.01)))
    assert judged.outcome is Outcome.INCONCLUSIVE
    assert "at least 736 are needed" in judged.reason


def test_few_requests_that_are_all_too_slow_fail_all_the_same() -> None:
    assert _latency(_traffic(np.full(300, 0.4))).outcome is Outcome.FAILED


def test_a_run_that_doubts_itself_neither_passes_nor_fails() -> None:
    for seconds in (0.01, 0.4):
        judged = _latency(_traffic(np.full(1000, seconds), doubts=("the client was late",)))
        assert judged.outcome is Outcome.INCONCLUSIVE
        assert "the client was late" in judged.reason


def test_a_load_generator_that_was_late_excuses_a_failure() -> None:
    judged = _latency(_traffic(np.full(1000, 0.4), excuses=("the client was late",)))
    assert judged.outcome is Outcome.INCONCLUSIVE and "the client was late" in judged.reason


def test_a_percentile_that_no_answer_reaches_is_a_failure_and_no_number() -> None:
    judged = _latency(_traffic(_failing(0.2)))
    assert judged.outcome is Outcome.FAILED
    assert judged.reason == "latency_p99 is not finite: 200 of 1000 requests got no right answer"
    assert "latency_p99" not in [row.name for row in judged.measurements]


def test_what_passes_in_spite_of_a_late_load_generator_has_passed() -> None:
    judged = _latency(_traffic(np.full(1000, 0.01), excuses=("the client was late",)))
    assert judged.outcome is Outcome.PASSED


def test_a_percentile_that_a_policy_limits_is_measured() -> None:
    limits = {"latency_p90": Limit.parse("<= 20 ms")}
    found = check_load.check_latency(_traffic(np.full(1000, 0.01)), limits)
    assert judge(limits, found).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, Outcome.PASSED), (0.01, Outcome.INCONCLUSIVE), (0.2, Outcome.FAILED)],
)
def test_errors_are_held_against_their_share(share: float, expected: Outcome) -> None:
    limits = _limits(check_load.check_errors)
    found = check_load.check_errors(_traffic(_failing(share)), limits)
    assert judge(limits, found).outcome is expected


def test_errors_are_listed_by_their_cause() -> None:
    failures = (Failure("POST /predict", 503, "status 503, expected 200", 200),)
    found = check_load.check_errors(_traffic(_failing(0.2), failures=failures), {})
    judged = judge({}, found)
    assert judged.findings[0].message == "200 requests failed: status 503, expected 200"
    assert judged.findings[0].location == "POST /predict"


def test_a_candidate_that_died_under_load_fails() -> None:
    run = _traffic(np.full(1000, 0.01), died="the candidate ran out of memory")
    judged = judge({}, check_load.check_errors(run, {}))
    assert judged.outcome is Outcome.FAILED
    assert judged.reason == "the candidate ran out of memory"


def test_throughput_passes_where_everything_is_answered_and_fails_where_half_is() -> None:
    limits = _limits(check_load.check_throughput)
    whole = _traffic(np.full(1000, 0.01))
    half = replace(whole, window=replace(whole.window, done=500))
    assert judge(limits, check_load.check_throughput(whole, limits)).outcome is Outcome.PASSED
    assert judge(limits, check_load.check_throughput(half, limits)).outcome is Outcome.FAILED


@pytest.mark.parametrize(("used", "expected"), [(500, Outcome.PASSED), (980, Outcome.FAILED)])
def test_memory_is_held_against_the_candidates_limit(used: int, expected: Outcome) -> None:
    usage = tuple(Usage(at=float(i), memory_bytes=used * _MIB) for i in range(1, 7))
    run = _traffic(np.full(1000, 0.01), usage=usage, memory_limit_bytes=1000.0 * _MIB)
    judged = judge(_limits(check_load.check_memory), check_load.check_memory(run))
    assert judged.outcome is expected
    assert [row.name for row in judged.measurements] == ["memory_peak", "memory_growth"]
    assert judged.evidence[0].title == "Memory under load"


def test_memory_that_was_not_measured_is_skipped_and_never_zero() -> None:
    with pytest.raises(pytest.skip.Exception, match="not measured"):
        check_load.check_memory(_traffic(np.full(1000, 0.01), usage=(Usage(at=1.0),)))


def test_throttling_is_for_information() -> None:
    usage = (
        Usage(at=1.0, periods=100, throttled_periods=0),
        Usage(at=2.0, periods=200, throttled_periods=25),
    )
    judged = judge({}, check_load.check_throttling(_traffic(np.full(9, 0.01), usage=usage)))
    assert judged.outcome is Outcome.PASSED
    assert (judged.measurements[0].value, judged.measurements[0].n) == (25.0, 100)
    spec = spec_of(check_load.check_throttling)
    assert spec is not None
    assert spec.advisory


def test_throttling_that_was_not_measured_is_skipped() -> None:
    with pytest.raises(pytest.skip.Exception, match="not measured"):
        check_load.check_throttling(_traffic(np.full(9, 0.01)))


@pytest.mark.parametrize(
    ("candidate", "with_load", "latency", "memory", "throttling"),
    [
        ('image = "c:1"', True, True, True, True),
        ('command = ["python", "app.py"]', True, True, True, False),
        ('url = "http://127.0.0.1:1"', True, True, False, False),
        ('image = "c:1"', False, False, False, False),
    ],
)
def test_checks_apply_to_what_a_gate_has(
    tmp_path: Path,
    candidate: str,
    with_load: bool,
    latency: bool,
    memory: bool,
    throttling: bool,
) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(
        f'version = 1\n[candidate]\nname = "c"\n{candidate}\n[contract]\npath = "/p"\n'
        + ("[load]\n" if with_load else "")
    )
    gate: Gate = load(path)
    checks = (check_load.check_latency, check_load.check_memory, check_load.check_throttling)
    specs = [spec_of(check) for check in checks]
    reasons = [spec.applies(gate) for spec in specs if spec is not None and spec.applies]
    assert [not reason for reason in reasons] == [latency, memory, throttling]
