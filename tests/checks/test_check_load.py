"""The load checks, as plain functions on load runs that are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from checks import check_load
from harness.config import Gate, load
from harness.declare import spec_of
from harness.errors import GateError
from harness.judge import Judgement, judge
from harness.limits import Limit
from harness.load import Traffic
from harness.load.driving.phases import Failure
from harness.load.driving.window import Values, Window
from harness.load.traffic import WarmUp
from harness.model import Outcome, Severity, Usage

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
    assert names == ["latency_p50", "latency_p95", "latency_p99", "service_p99", "lateness_p99"]
    assert [item.kind for item in judged.evidence] == ["histogram", "timeline"]
    assert all(row.low is not None and row.high is not None for row in judged.measurements[:3])


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


def _named() -> Traffic:
    run = _traffic(np.where(np.arange(2000) % 2, 0.01, 0.1), names={0: "POST /a", 1: "POST /b"})
    ids = (np.arange(2000) % 2).astype(np.uint16)
    return replace(run, window=replace(run.window, names=ids, error_names=ids))


def test_a_limit_on_one_endpoint_is_judged_by_its_own_requests() -> None:
    text = Limit.parse("<= 50 ms")
    limits = {"latency_p95{name=a}": text, "latency_p95{name=b}": text}
    judged = judge(limits, check_load.check_latency(_named(), limits))
    outcomes = {row.name: row.outcome for row in judged.measurements if row.limit is not None}
    assert list(outcomes.items()) == [
        ("latency_p95{name=a}", Outcome.FAILED),
        ("latency_p95{name=b}", Outcome.PASSED),
    ]


def test_a_limit_on_an_endpoint_that_had_no_request_is_an_error() -> None:
    for check, name in (
        (check_load.check_latency, "latency_p95{name=c}"),
        (check_load.check_errors, "error_rate{name=c}"),
    ):
        with pytest.raises(GateError, match="names that were sent: 'POST /a', 'POST /b'"):
            check(_named(), {name: Limit.parse("<= 1")})


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


def test_what_passes_in_spite_of_a_late_load_generator_has_passed_with_a_warning() -> None:
    judged = _latency(_traffic(np.full(1000, 0.01), excuses=("the client was late",)))
    assert judged.outcome is Outcome.PASSED
    assert judged.findings[0].message == "the client was late"
    assert judged.findings[0].severity is Severity.WARNING


@pytest.mark.parametrize(
    ("floor", "expected"), [(0.002, Outcome.PASSED), (0.015, Outcome.INCONCLUSIVE)]
)
def test_a_limit_near_the_floor_decides_nothing(floor: float, expected: Outcome) -> None:
    run = _traffic(np.full(1000, 0.01), floor=np.full(500, floor))
    limits = {"latency_p99": Limit.parse("<= 20 ms")}
    assert judge(limits, check_load.check_latency(run, limits)).outcome is expected


@pytest.mark.parametrize(
    ("took", "limit", "expected"),
    [
        (0.005, "<= 20 ms", Outcome.PASSED),  # the load generator only makes it slower
        (0.030, "<= 20 ms", Outcome.INCONCLUSIVE),
        (0.005, "<= 250 ms", Outcome.PASSED),
        (0.300, "<= 250 ms", Outcome.FAILED),
    ],
)
def test_a_floor_that_was_not_measured_is_a_doubt_where_a_tight_limit_is_broken(
    took: float, limit: str, expected: Outcome
) -> None:
    run = _traffic(np.full(1000, took), floor_problem="docker-proxy did not listen within 5 s")
    limits = {"latency_p99": Limit.parse(limit)}
    judged = judge(limits, check_load.check_latency(run, limits))
    assert judged.outcome is expected


def test_goodput_is_what_came_right_and_in_time() -> None:
    response = np.full(1000, 0.01)
    response[::4] = 0.5
    run = _traffic(response, deadline=0.1)
    limits = {"goodput_share": Limit.parse(">= 95 %")}
    judged = judge(limits, check_load.check_throughput(run, limits))
    values = {row.name: row.value for row in judged.measurements}
    assert (values["goodput_share"], values["goodput"]) == (75.0, 75.0)
    assert judged.outcome is Outcome.FAILED


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


def _sampled(**last: Any) -> tuple[Usage, ...]:
    """Looks of ten seconds; the last one differs."""
    looks = [
        Usage(float(at), cpu_s=0.2 * at, memory_bytes=500 * _MIB, oom_kills=0, restarts=0)
        for at in range(11)
    ]
    return (*looks[:-1], replace(looks[-1], **last))


def _rig() -> Any:
    """A rig whose endpoint has ended long ago."""
    return SimpleNamespace(endpoint=SimpleNamespace(usage=lambda: Usage(at=11.0)))


@pytest.mark.parametrize(("used", "expected"), [(500, Outcome.PASSED), (980, Outcome.FAILED)])
def test_memory_is_held_against_the_candidates_limit(used: int, expected: Outcome) -> None:
    usage = _sampled(memory_bytes=used * _MIB)
    run = _traffic(np.full(1000, 0.01), usage=usage, memory_limit_bytes=1000.0 * _MIB)
    judged = judge(_limits(check_load.check_memory), check_load.check_memory(run))
    assert judged.outcome is expected
    assert [row.name for row in judged.measurements] == ["memory_peak"]


def test_the_price_of_a_request_is_for_information() -> None:
    run = _traffic(np.full(1000, 0.01), usage=_sampled())
    judged = judge({}, check_load.check_processor(run))
    assert judged.outcome is Outcome.PASSED
    assert [(row.name, round(row.value or 0)) for row in judged.measurements] == [
        ("cpu_per_request", 2)
    ]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ({}, Outcome.PASSED),
        ({"oom_kills": 1}, Outcome.FAILED),
        ({"restarts": 2}, Outcome.PASSED),  # and nothing was lost by it
        ({"oom_kills": None, "memory_bytes": None}, Outcome.PASSED),  # seen in the looks before
    ],
)
def test_a_kill_for_memory_fails(last: dict[str, Any], expected: Outcome) -> None:
    run = _traffic(np.full(1000, 0.01), usage=_sampled(**last))
    judged = judge(_limits(check_load.check_kills), check_load.check_kills(_rig(), run))
    assert judged.outcome is expected


def test_a_process_that_was_replaced_while_requests_were_lost_fails() -> None:
    run = _traffic(_failing(0.002), usage=_sampled(restarts=1))
    run = replace(run, window=replace(run.window, status=np.zeros(1000, dtype=np.int16)))
    judged = judge(_limits(check_load.check_kills), check_load.check_kills(_rig(), run))
    assert judged.outcome is Outcome.FAILED
    assert "restarts = 1" in judged.reason


@pytest.mark.parametrize(("size", "expected"), [(0, Outcome.PASSED), (400, Outcome.FAILED)])
def test_a_soak_decides_about_leaks(size: int, expected: Outcome) -> None:
    judged = judge(*_leaking(size, seconds=400.0))
    assert judged.outcome is expected
    assert [item.kind for item in judged.evidence] == ["curve"]


@pytest.mark.parametrize("size", [0, 400])
def test_a_run_too_short_for_leaks_is_inconclusive_and_says_how_long_it_must_be(size: int) -> None:
    judged = judge(*_leaking(size, seconds=30.0))
    assert judged.outcome is Outcome.INCONCLUSIVE
    assert 'set load.soak = "6 min"' in judged.reason


def _leaking(size: int, seconds: float) -> tuple[dict[str, Limit], Any]:
    """What the leak check makes of a service that keeps `size` bytes of each of 100 /s."""
    run = _traffic(np.full(int(100 * seconds), 0.01))
    run = replace(
        run,
        window=replace(run.window, seconds=seconds, planned=np.arange(0, seconds, 0.01)),
        usage=tuple(
            Usage(float(at), memory_bytes=50 * _MIB + int(100 * size * at))
            for at in np.arange(0, seconds, 0.5)
        ),
    )
    limits = _limits(check_load.check_leak)
    return limits, check_load.check_leak(run, limits)


@pytest.mark.parametrize("check", ["memory", "processor", "kills"])
def test_what_was_not_measured_is_skipped_and_never_zero(check: str) -> None:
    run = _traffic(np.full(1000, 0.01), usage=(Usage(at=1.0), Usage(at=2.0)))
    asked = (_rig(), run) if check == "kills" else (run,)
    with pytest.raises(pytest.skip.Exception, match="not measured"):
        getattr(check_load, f"check_{check}")(*asked)


def test_a_leak_that_cannot_be_measured_is_skipped() -> None:
    with pytest.raises(pytest.skip.Exception, match="not measured"):
        check_load.check_leak(_traffic(np.full(1000, 0.01), usage=(Usage(at=1.0),)), {})


@pytest.mark.parametrize(
    ("candidate", "load_keys", "expected"),
    [
        ('image = "c:1"', "[load]\n", "latency memory kills"),
        ('image = "c:1"', '[load]\nsoak = "6 min"\n', "latency memory kills leak"),
        ('command = ["python", "app.py"]', '[load]\nsoak = "6 min"\n', "latency memory leak"),
        ('url = "http://127.0.0.1:1"', "[load]\n", "latency"),
        ('image = "c:1"', "", ""),
    ],
)
def test_checks_apply_to_what_a_gate_has(
    tmp_path: Path, candidate: str, load_keys: str, expected: str
) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(
        f'version = 1\n[candidate]\nname = "c"\n{candidate}\n[contract]\npath = "/p"\n{load_keys}'
    )
    gate: Gate = load(path)
    applying = []
    for name in ("latency", "memory", "kills", "leak"):
        spec = spec_of(getattr(check_load, f"check_{name}"))
        assert spec is not None and spec.applies is not None
        if not spec.applies(gate):
            applying.append(name)
    assert " ".join(applying) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("[load]\n", "caching"),
        ('[load]\ncapacity = "60 s"\n', "caching capacity"),
        ('[load]\noverload = "5 s"\n', "caching overload"),
        ('[load]\nlocustfile = "locustfile.py"\n', ""),
        ("", ""),
    ],
)
def test_what_is_tried_beyond_the_declared_traffic_has_to_be_asked_for(
    tmp_path: Path, keys: str, expected: str
) -> None:
    (tmp_path / "locustfile.py").touch()
    path = tmp_path / "gate.toml"
    path.write_text(
        f'version = 1\n[candidate]\nname = "c"\nimage = "c:1"\n[contract]\npath = "/p"\n{keys}'
    )
    gate: Gate = load(path)
    specs = {
        name: spec_of(getattr(check_load, f"check_{name}"))
        for name in ("caching", "capacity", "overload")
    }
    applying = [n for n, spec in specs.items() if spec and spec.applies and not spec.applies(gate)]
    assert " ".join(applying) == expected


def test_repetitions_that_cannot_be_told_are_skipped_with_the_reason() -> None:
    rig = SimpleNamespace(plan=SimpleNamespace(first=200), distinct=7, driver=None)

    with pytest.raises(pytest.skip.Exception, match="of 7 different ones that the contract gives"):
        check_load.check_caching(rig, _traffic(np.full(1000, 0.01)))  # type: ignore[arg-type]
