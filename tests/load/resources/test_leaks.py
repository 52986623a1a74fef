"""Trends of what grows with requests, on made-up samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import theilslopes

from harness.load.resources.leaks import LEAST, SHORTEST, Trend, Values, theil_sen, trend

_MB = 1e6


def _run(seconds: float, mb_per_minute: float, *, every: float = 0.5) -> tuple[Values, Values]:
    """Times, and memory that warms up within half a minute, with a sawtooth of garbage on top."""
    at = np.arange(0, seconds + every / 2, every)
    warm = 200 + 40 * (1 - np.exp(-at / 25))
    return at, (warm + 12 * (at % 7) / 7 + mb_per_minute * at / 60) * _MB


def _trend(seconds: float, mb_per_minute: float, *, rate: float = 200.0) -> Trend:
    at, used = _run(seconds, mb_per_minute)
    found = trend(at, used, rate * at, 0.95)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_slope_and_interval_are_those_of_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = np.sort(random.uniform(0, 100, 20))
    y = 0.3 * x + random.normal(0, 3, 20)
    oracle = theilslopes(y, x, 0.95)
    expected = (oracle.slope, oracle.low_slope, oracle.high_slope)
    assert theil_sen(x, y, 0.95) == pytest.approx(expected)


def test_ties_narrow_the_interval_as_those_of_scipy_do() -> None:
    x = np.arange(16.0)
    y = np.array([4, 4, 4, 5, 4, 5, 5, 5, 6, 5, 6, 6, 6, 6, 7, 6], dtype=np.float64)
    oracle = theilslopes(y, x, 0.95)
    expected = (oracle.slope, oracle.low_slope, oracle.high_slope)
    assert theil_sen(x, y, 0.95) == pytest.approx(expected)


def test_points_of_one_place_have_no_slope() -> None:
    with pytest.raises(ValueError, match="same x"):
        theil_sen(np.ones(3), np.arange(3.0), 0.95)


def test_a_leak_is_found_in_bytes_for_each_request() -> None:
    found = _trend(600.0, 6.0)
    assert found.low <= found.slope <= found.high
    assert found.slope == pytest.approx(500.0, rel=0.001)  # 6 MB a minute at 200 /s
    assert found.cautious(3e6).low == found.low


def test_warming_up_and_garbage_are_no_leak() -> None:
    found = _trend(600.0, 0.0).cautious(3e6)
    assert found.low <= 0 <= found.high


def test_growth_that_an_allocator_may_keep_is_not_sure() -> None:
    found = _trend(600.0, 0.3)  # 1.5 MB in the half that counts
    assert found.low > 0
    assert found.cautious(3e6).low == 0.0
    assert found.cautious(1e6).low == found.low


def test_memory_that_does_not_move_has_an_interval_of_nothing() -> None:
    at = np.arange(0.0, 400.0)
    found = trend(at, np.full(400, 7e7), 50 * at, 0.95)
    assert found is not None
    assert (found.slope, found.low, found.high) == (0.0, 0.0, 0.0)
    assert found.lasts(8e7) is None


@pytest.mark.parametrize(
    ("seconds", "enough"), [(SHORTEST, True), (SHORTEST - 30.0, False), (20.0, False)]
)
def test_a_run_is_long_enough_from_twelve_buckets_of_a_quarter_of_a_minute(
    seconds: float, enough: bool
) -> None:
    found = _trend(seconds, 0.0)
    assert found.enough is enough
    assert len(found.requests) == LEAST


def test_four_hours_are_cut_into_no_more_buckets_than_can_be_paired() -> None:
    found = _trend(4 * 3600.0, 0.0)
    assert len(found.requests) == 240
    assert found.bucket == pytest.approx(30.0)


def test_too_few_samples_and_a_run_without_requests_have_no_trend() -> None:
    at = np.arange(0.0, 400.0)
    assert trend(at[:5], at[:5], at[:5], 0.95) is None
    assert trend(at[::40], at[::40], at[::40], 0.95) is None
    assert trend(at, at, np.zeros(400), 0.95) is None


def test_the_projection_counts_the_requests_that_are_left() -> None:
    line = Trend(np.array([0.0, 1000.0]), np.array([1e6, 1.5e6]), 500.0, 400.0, 600.0, 15.0)
    assert line.lasts(2e6) == pytest.approx(1000.0)
    assert line.lasts(1e6) == 0.0
