"""What is decided before the first request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.config import Gate
from harness.errors import ConfigError
from harness.limits import Limit
from harness.load import LoadError
from harness.load.planned import plan


def _plan(gate: Gate, limits: dict[str, str]) -> plan.Plan:
    assert gate.load is not None
    return plan.make(gate.load, {k: Limit.parse(v) for k, v in limits.items()}, 0.95)


def test_the_duration_comes_after_the_warm_up(gate: Callable[..., Gate]) -> None:
    made = _plan(gate(rate="100 /s", duration="4 s", warmup="1 s"), {})
    assert made.schedule[-1] == pytest.approx(5.0, abs=0.2)
    assert made.schedule[made.first] >= 1.0 > made.schedule[made.first - 1]


def test_the_tightest_limit_is_in_seconds_and_other_limits_do_not_sample(
    gate: Callable[..., Gate],
) -> None:
    limits = {"latency_p99": "<= 100 ms", "latency_p50": "<= 0.02 s", "memory_peak": "<= 90 %"}
    made = _plan(gate(rate="100 /s"), limits)
    assert made.tightest == pytest.approx(0.02)
    assert set(made.limits) == {"latency_p99", "latency_p50"}


def test_limits_on_one_name_are_sampled_and_planned_for_as_the_others(
    gate: Callable[..., Gate],
) -> None:
    limits = {"latency_p99{name=a}": "<= 20 ms", "error_rate{name=a}": "<= 1 %"}
    made = _plan(gate(rate="200 /s"), limits)
    assert set(made.limits) == set(limits)
    assert made.tightest == pytest.approx(0.02)
    assert made.deadline is None
    assert made.looks == _plan(gate(rate="200 /s"), {"latency_p99": "<= 1 s"}).looks


def test_times_to_wait_follow_the_limit(gate: Callable[..., Gate]) -> None:
    slow = _plan(gate(rate="10 /s"), {"latency_p99": "<= 8 s"})
    assert (slow.timeout, slow.horizon, slow.patience) == (32.0, 8.0, 16.0)
    none = _plan(gate(rate="10 /s"), {})
    assert (none.timeout, none.horizon, none.patience) == (10.0, 0.5, 2.0)


def test_a_duration_without_a_request_is_an_error(gate: Callable[..., Gate]) -> None:
    with pytest.raises(LoadError, match="plans not one request"):
        _plan(gate(rate="0.01 /s", duration="1 s", warmup="1 s"), {})


def test_a_rate_beyond_reason_is_an_error(gate: Callable[..., Gate]) -> None:
    with pytest.raises(LoadError, match="at most 20000000"):
        _plan(gate(rate="1000000000 /s"), {})


def test_mistakes_in_what_is_planned_are_found_before_anything_starts(
    gate: Callable[..., Gate],
) -> None:
    with pytest.raises(ConfigError, match=r"gate\.toml: load: .* at most 20000000"):
        plan.validate(gate(rate="1000000000 /s"))
    with pytest.raises(ConfigError, match=r"none\.jsonl: it cannot be read"):
        plan.validate(gate(trace="none.jsonl"))
    plan.validate(gate(rate="10 /s"))


def test_a_profile_has_its_own_duration_and_is_judged_as_a_whole(
    gate: Callable[..., Gate],
) -> None:
    stages = [{"rate": "100 /s", "lasts": "20 s"}, {"rate": "500 /s", "lasts": "20 s"}]
    made = _plan(gate(profile=stages, warmup="1 s"), {"latency_p99": "<= 1 s"})
    assert made.duration == 40.0
    assert made.rate == pytest.approx(300, rel=0.05)
    assert [look.n for look in made.looks] == [len(made.schedule) - made.first]
    assert made.looks[-1].confidence == 0.95


def test_a_soak_lengthens_the_run_and_is_not_ended_early(gate: Callable[..., Gate]) -> None:
    made = _plan(gate(rate="50 /s", duration="30 s", soak="200 s"), {"latency_p99": "<= 1 s"})
    assert made.duration == 200.0
    assert len(made.looks) == 1


def test_a_soak_repeats_the_profile(gate: Callable[..., Gate]) -> None:
    stages = [{"rate": "10 /s", "lasts": "60 s"}, {"rate": "100 /s", "lasts": "60 s"}]
    made = _plan(gate(profile=stages, soak="240 s", warmup="1 s"), {})
    counts, _ = np.histogram(made.schedule - made.warmup, [0, 60, 120, 180, 240])
    assert counts == pytest.approx([600, 6000, 600, 6000], rel=0.15)


def test_aborting_keeps_the_looks_from_then_on(gate: Callable[..., Gate]) -> None:
    keys = {"rate": "100 /s", "duration": "600 s", "soak": "600 s"}
    made = _plan(gate(**keys, abort_after="60 s"), {"latency_p99": "<= 1 s"})
    assert len(made.looks) > 2
    assert made.looks[0].n >= 100 * 60 * 0.9
    assert (made.least, made.abort_after) == (600.0, 60.0)


def test_the_deadline_is_the_tightest_limit_where_none_is_given(
    gate: Callable[..., Gate],
) -> None:
    limits = {"latency_p99": "<= 100 ms"}
    assert _plan(gate(rate="10 /s"), limits).deadline == pytest.approx(0.1)
    assert _plan(gate(rate="10 /s", deadline="2 s"), limits).deadline == 2.0
    assert _plan(gate(rate="10 /s"), {}).deadline is None


def _trace(folder: Path, *at: float) -> Path:
    path = folder / "trace.jsonl"
    path.write_text("".join(f'{{"at": {t}, "path": "/predict"}}\n' for t in at))
    return path


def test_a_trace_keeps_its_timing_and_its_own_length(
    gate: Callable[..., Gate], tmp_path: Path
) -> None:
    made = gate(trace=str(_trace(tmp_path, 5, 7, 9, 105)), speed=2, warmup="0.5 s")
    planned = plan.make(made.load, {}, 0.95, plan.trace_of(made))  # type: ignore[arg-type]
    assert planned.schedule.tolist() == [0.0, 1.0, 2.0, 50.0]
    assert planned.first == 1
    assert planned.duration == pytest.approx(49.5, abs=0.01)


def test_a_duration_that_the_user_wrote_cuts_a_trace(
    gate: Callable[..., Gate], tmp_path: Path
) -> None:
    made = gate(trace=str(_trace(tmp_path, 0, 1, 2, 50)), warmup="0.5 s", duration="5 s")
    planned = plan.make(made.load, {}, 0.95, plan.trace_of(made))  # type: ignore[arg-type]
    assert planned.schedule.tolist() == [0.0, 1.0, 2.0]


def test_a_trace_that_ends_with_the_warm_up_is_an_error(
    gate: Callable[..., Gate], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="its 2 requests are over within load.warmup = '2 s'"):
        plan.validate(gate(trace=str(_trace(tmp_path, 0, 1))))


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1:80", "http://example.com", "https://127.0.0.1:1", "http://0.0.0.0:1"]
)
def test_only_loopback_is_put_under_load(url: str) -> None:
    with pytest.raises(LoadError, match=r"not on this machine|expected http://"):
        plan.refuse_strangers(url)


def test_other_machines_are_put_under_load_where_gate_toml_names_them() -> None:
    plan.refuse_strangers("http://staging.example:80", ["staging.example"])
    with pytest.raises(LoadError, match="not on this machine"):
        plan.refuse_strangers("http://prod.example:80", ["staging.example"])


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_loopback_may_be_put_under_load(url: str) -> None:
    plan.refuse_strangers(url)
