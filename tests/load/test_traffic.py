"""Measurements of a load run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from harness.limits import Limit
from harness.load import Traffic
from harness.load.traffic import FAILED_MS, WarmUp, quantile
from harness.model import Outcome

pytestmark = pytest.mark.alone


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


@pytest.mark.parametrize(("n", "failed"), [(400, 0), (2000, 40)], ids=["few", "failed"])
def test_service_times_pass_no_limit_without_enough_right_answers(
    traffic: Callable[..., Traffic], n: int, failed: int
) -> None:
    response = np.full(n, 0.01)
    response[:failed] = np.inf
    found = traffic(response=response).measure("service_p99")
    assert found is not None
    assert found.value == pytest.approx(10.0)
    assert found.high == FAILED_MS
    assert Limit.parse("<= 250 ms").judge(found) is Outcome.INCONCLUSIVE


def test_what_may_have_failed_is_in_the_interval_of_the_error_rate(
    traffic: Callable[..., Traffic],
) -> None:
    run = traffic(response=np.full(1000, 0.01))
    perhaps = np.arange(1000) % 10 == 0
    run = replace(run, window=replace(run.window, perhaps=perhaps))
    found = run.measure("error_rate")
    assert found is not None and found.high is not None
    assert found.value == 0.0
    assert found.high > 10.0
    assert Limit.parse("<= 1 %").judge(found) is Outcome.INCONCLUSIVE


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


def test_answers_longer_than_the_warm_up_are_not_missed_in_the_throughput(
    traffic: Callable[..., Traffic],
) -> None:
    """Those of the first 4 s cannot have come: nothing was planned so long before the window."""
    run = replace(traffic(response=np.full(1000, 4.0), done=600), warmup=WarmUp(0, 0, None, 0.0))
    cold = run.measure("throughput_share")
    assert cold is not None and cold.high is not None
    assert (cold.value, cold.high) == (60.0, 100.0)
    warm = replace(run, warmup=WarmUp(500, 0, None, 5.0)).measure("throughput_share")
    assert warm is not None and warm.high is not None
    assert warm.high < 70.0


def test_where_nothing_bounds_a_percentile_the_count_that_would_is_told(
    traffic: Callable[..., Traffic],
) -> None:
    found = traffic(response=np.full(300, 0.01)).measure("latency_p99")
    assert found is not None
    assert found.more == 736 - 300
