"""Measurements of a load run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.load import Traffic
from harness.load.traffic import FAILED_MS, quantile
from harness.model import Usage

pytestmark = pytest.mark.alone

_MIB = 1024**2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("latency_p50", 0.5),
        ("latency_p99", 0.99),
        ("latency_p99_9", 0.999),
        ("latency_p0", None),
        ("latency_mean", None),
        ("error_rate", None),
    ],
)
def test_percentiles_are_known_by_their_names(name: str, expected: float | None) -> None:
    assert quantile(name) == (None if expected is None else pytest.approx(expected))


def test_latency_is_in_milliseconds_with_an_interval(traffic: Callable[..., Traffic]) -> None:
    found = traffic(response=np.linspace(0.001, 0.1, 1000)).measure("latency_p99")
    assert found is not None
    assert found.unit == "ms"
    assert found.value == pytest.approx(99.0, abs=0.2)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert found.n == 1000


def test_failures_count_as_an_hour(traffic: Callable[..., Traffic]) -> None:
    response = np.full(1000, 0.01)
    response[::10] = np.inf
    found = traffic(response=response).measure("latency_p99")
    assert found is not None
    assert found.value == FAILED_MS


def test_too_few_requests_say_how_many_are_needed(traffic: Callable[..., Traffic]) -> None:
    text = traffic(response=np.full(300, 0.01), rate=30.0).unbounded("latency_p99")
    assert "at least 736 are needed, set load.duration to 25 s" in text
    assert traffic(response=np.full(1000, 0.01)).unbounded("latency_p99") == ""


def test_error_rate_has_an_upper_end_even_without_an_error(
    traffic: Callable[..., Traffic],
) -> None:
    found = traffic(response=np.full(1000, 0.01)).measure("error_rate")
    assert found is not None
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.735, abs=0.01)


def test_throughput_is_what_ended_in_the_window(traffic: Callable[..., Traffic]) -> None:
    run = traffic(response=np.full(1000, 0.01), done=500)
    share, rate = run.measure("throughput_share"), run.measure("throughput")
    assert share is not None
    assert rate is not None
    assert share.value == 50.0
    assert rate.value == 50.0
    assert rate.unit == "/s"


def test_unknown_names_are_no_measurement(traffic: Callable[..., Traffic]) -> None:
    assert traffic(response=np.full(10, 0.01)).measure("memory_peak") is None


def test_memory_growth_is_from_the_first_to_the_last_samples(
    traffic: Callable[..., Traffic],
) -> None:
    usage = tuple(Usage(at=float(i), memory_bytes=(100 + i) * _MIB) for i in range(1, 9))
    run = traffic(response=np.full(10, 0.01), usage=usage, memory_limit_bytes=200.0 * _MIB)
    assert run.memory_growth_mib() == pytest.approx(5.0)
    assert run.memory_peak_share() == pytest.approx(54.0)


def test_what_was_not_measured_is_none(traffic: Callable[..., Traffic]) -> None:
    run = traffic(response=np.full(10, 0.01), usage=(Usage(at=1.0), Usage(at=2.0)))
    assert run.memory_growth_mib() is None
    assert run.memory_peak_share() is None
    assert run.throttled_share() is None


def test_throttling_is_a_share_of_the_periods_of_the_run(
    traffic: Callable[..., Traffic],
) -> None:
    usage = (
        Usage(at=1.0, periods=100, throttled_periods=90),
        Usage(at=2.0, periods=150, throttled_periods=100),
    )
    assert traffic(response=np.full(10, 0.01), usage=usage).throttled_share() == (20.0, 50)
