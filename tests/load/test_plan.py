"""What is decided before the first request."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.config import Gate
from harness.limits import Limit
from harness.load import LoadError, plan


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


def test_times_to_wait_follow_the_limit(gate: Callable[..., Gate]) -> None:
    slow = _plan(gate(rate="10 /s"), {"latency_p99": "<= 8 s"})
    assert (slow.timeout, slow.horizon, slow.patience) == (32.0, 8.0, 16.0)
    none = _plan(gate(rate="10 /s"), {})
    assert (none.timeout, none.horizon, none.patience) == (10.0, 0.5, 2.0)


def test_a_duration_without_a_request_is_an_error(gate: Callable[..., Gate]) -> None:
    with pytest.raises(LoadError, match="plans not one request"):
        _plan(gate(rate="0.01 /s", duration="1 s", warmup="1 s"), {})


def test_a_rate_beyond_reason_is_an_error(gate: Callable[..., Gate]) -> None:
    with pytest.raises(LoadError, match="at most 5000000"):
        _plan(gate(rate="1000000000 /s"), {})


def test_schedule_and_requests_are_left_for_locust(
    gate: Callable[..., Gate], promise: Callable[..., Any], tmp_path: Path
) -> None:
    made = _plan(gate(rate="100 /s", duration="1 s"), {})
    plan.write(made, tmp_path, promise())
    assert np.array_equal(np.fromfile(tmp_path / "schedule.f64", "<f8"), made.schedule)
    (request,) = json.loads((tmp_path / "requests.json").read_text())
    assert (request["method"], request["path"]) == ("POST", "/predict")


def test_a_contract_without_requests_is_an_error(
    gate: Callable[..., Gate], promise: Callable[..., Any], tmp_path: Path
) -> None:
    class Empty(promise):  # type: ignore[misc,valid-type]
        def requests(self) -> tuple[()]:
            return ()

    with pytest.raises(LoadError, match="no valid request"):
        plan.write(_plan(gate(rate="10 /s"), {}), tmp_path, Empty())


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1:80", "http://example.com", "https://127.0.0.1:1", "http://0.0.0.0:1"]
)
def test_only_loopback_is_put_under_load(url: str) -> None:
    with pytest.raises(LoadError, match=r"not on this machine|expected http://"):
        plan.refuse_strangers(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_loopback_may_be_put_under_load(url: str) -> None:
    plan.refuse_strangers(url)
