"""Percentiles and shares with intervals that hold under queueing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.load.statistics import intervals


def _spread_out(n: int) -> NDArray[np.float64]:
    """1..n in an order in which no batch is special: multiples of a number prime to n."""
    return np.array([(i * 617) % n + 1 for i in range(n)], dtype=np.float64)


def _queue(n: int, load: float, seed: int) -> NDArray[np.float64]:
    """Sojourn times of an M/D/1 queue with a service of 5, by Lindley's recursion."""
    random = np.random.default_rng(seed)
    arrived = np.cumsum(random.exponential(5 / load, n + 500))
    work = np.arange(n + 500) * 5.0 - arrived
    sojourn: NDArray[np.float64] = work - np.minimum.accumulate(work) + 5
    return sojourn[500:]


def test_the_interval_holds_the_published_ranks_and_is_hardly_wider() -> None:
    """Of 1000 independent samples, ranks 983 to 997 hold p99 at 95 % (see test_binomial)."""
    found = intervals.percentile(_spread_out(1000), 0.99, 0.95, least=1.0)
    assert 981.0 <= found.low <= 983.0
    assert found.value == 990.0
    assert 997.0 <= found.high <= 1000.0


def test_inflation_widens_both_ends() -> None:
    narrow = intervals.percentile(_spread_out(1000), 0.9, 0.95, least=2.0)
    wide = intervals.percentile(_spread_out(1000), 0.9, 0.95, least=4.0)
    assert wide.low < narrow.low
    assert wide.high > narrow.high


def test_p99_has_no_upper_end_below_the_least_number_of_samples() -> None:
    assert intervals.percentile(_spread_out(600), 0.99, 0.95).high == math.inf
    assert intervals.percentile(_spread_out(800), 0.99, 0.95).high < math.inf


def test_no_confidence_is_low_enough_for_a_p99_from_fewer_than_459() -> None:
    assert intervals.percentile(np.full(458, 0.01), 0.99, 0.5, least=1.0).high == math.inf
    assert intervals.percentile(np.full(459, 0.01), 0.99, 0.5, least=1.0).high < math.inf


def test_failures_are_slower_than_everything() -> None:
    values = _spread_out(1000)
    values[values > 950] = np.inf
    found = intervals.percentile(values, 0.99, 0.95)
    assert (found.value, found.high) == (math.inf, math.inf)
    assert intervals.percentile(values, 0.5, 0.95).value == 500.0


def test_nothing_but_failures_is_infinitely_slow_for_sure() -> None:
    found = intervals.percentile(np.full(900, np.inf), 0.99, 0.95)
    assert (found.low, found.value) == (math.inf, math.inf)


def test_independent_hits_have_no_inflation_beyond_the_least() -> None:
    hits = np.random.default_rng(1).random(6000) < 0.1
    assert intervals.inflation(hits) == 2.0


def test_hits_in_one_cluster_are_worth_less() -> None:
    hits = np.zeros(6000, dtype=np.bool_)
    hits[3000:3060] = True
    assert intervals.inflation(hits) > 30


def test_a_queue_at_its_limit_passes_in_few_of_its_runs() -> None:
    """M/D/1 at 56 %, true p99 24.9: nominal 2.5 %, where the textbook interval passes 20 %."""
    highs = [intervals.percentile(_queue(3000, 0.56, s), 0.99, 0.95).high for s in range(200)]
    assert sum(high < 24.9 for high in highs) <= 0.02 * 200


def test_a_queue_at_half_its_limit_passes_in_most_of_its_runs() -> None:
    highs = [intervals.percentile(_queue(3000, 0.56, s), 0.99, 0.95).high for s in range(60)]
    assert sum(high <= 2 * 24.9 for high in highs) >= 0.9 * 60


def test_a_share_without_a_hit_still_has_an_upper_end() -> None:
    found = intervals.share(np.zeros(1500, dtype=np.bool_), 0.95)
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 750), rel=1e-6)


def test_no_values_know_nothing() -> None:
    found = intervals.percentile(np.array([]), 0.99, 0.95)
    assert (found.low, found.high, found.n) == (0.0, math.inf, 0)
