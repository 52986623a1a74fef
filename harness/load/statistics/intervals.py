"""Percentiles and shares of requests that queue behind one another, with honest intervals.

Requests are not independent: one slow answer makes the next ones late. The textbook interval of
a percentile passes a service that stands exactly at its limit in 16 to 27 of 100 runs where it
promises 1. Here every count is divided by its variance inflation first, as measured by batch
means. `python -m benchmarks.load_statistics` shows what that is worth on M/D/1 and M/M/1 queues
at 30, 56 and 80 % load, with all the early looks of a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import binomial

Values = NDArray[np.float64]

BATCHES = 30
LEAST_INFLATION = binomial.LEAST_INFLATION
_SAFETY = 1.75  # the inflation itself is an estimate, from 29 degrees of freedom at best
_SURER = 2.0  # the same where nothing but counts speaks for a pass: p90 at 80 % load is tuned by it
_LEVELS = (0.5, 0.75, 0.9)  # runs with few slow answers show little of how they cluster
_WAIT = 0.7  # share of requests that queue; lower is safer and slower, tuned by simulation
_MOST_CANDIDATES = 128
_HALVINGS = 4  # of the gap between two of them
_BEYOND = (1.1, 1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0, 64.0)


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the interval that holds it; `high` is infinite where nothing bounds it."""

    value: float
    low: float
    high: float
    n: int
    inflation: float  # by which n was divided


def inflation(
    hits: NDArray[np.bool_], least: float = LEAST_INFLATION, safety: float = _SAFETY
) -> float:
    """How much more the share of hits varies than it would if requests were independent.

    `hits` in order of planned start, shape (n,). Non-overlapping batch means (Law and Kelton,
    Simulation Modeling and Analysis, 9.5.3), and where neighbouring batches still go together,
    the variance factor of a first-order autoregression on top.
    """
    size = len(hits) // BATCHES
    if size < 1:
        return max(least, float(max(1, len(hits))))
    shares = hits[: size * BATCHES].reshape(BATCHES, size).mean(axis=1)
    share = float(shares.mean())
    if share in (0.0, 1.0):
        return least
    apart = shares - share
    squares = float(np.sum(apart * apart))
    if squares == 0.0:
        return least
    lag = float(np.sum(apart[1:] * apart[:-1])) / squares + 1 / BATCHES
    lag = min(0.9, max(0.0, lag))
    raw = size * squares / (BATCHES - 1) / (share * (1 - share))
    return max(least, safety * raw * (1 + lag) / (1 - lag))


def share(hits: NDArray[np.bool_], confidence: float, least: float = LEAST_INFLATION) -> Interval:
    """The share of hits, by Clopper-Pearson on the inflated count."""
    n, k = len(hits), int(np.count_nonzero(hits))
    if n == 0:
        return Interval(0.0, 0.0, 1.0, 0, least)
    by = inflation(hits, least)
    low, high = binomial.clopper_pearson(k / by, n / by, confidence)
    return Interval(k / n, min(low, k / n), max(high, k / n), n, by)


def percentile(
    values: Values, p: float, confidence: float, least: float = LEAST_INFLATION
) -> Interval:
    """The p-quantile of values in order of planned start; failures are infinite values.

    Order statistics on inflated counts. The upper end is a level x of which the run shows that
    at most 1 - p of all requests exceed it, in one of two ways: either with the inflation that
    is seen at x, at the quantile and at some lower ones; or with that of x alone, where the
    excess over the fastest answer has also fallen off half-way and a quarter of the way there
    as fast as queues do: P(X > 2t | wait) <= P(X > t | wait)^2 of those requests that wait at
    all. The second one is what decides soon about a service that is far from its limit. No
    percentile has an upper end from fewer than `binomial.least_samples` requests.
    """
    n = len(values)
    if n == 0:
        return Interval(math.inf, 0.0, math.inf, 0, least)
    ordered = np.sort(values)
    rank = min(n, max(1, math.ceil(p * n)))
    value = float(ordered[rank - 1])
    tail = _Tail(values, ordered, p, (1 - confidence) / 2, least)
    return Interval(value, tail.lower(rank), tail.upper(rank), n, tail.inflation)


class _Tail:
    """One quantile's search for its two ends."""

    def __init__(
        self, values: Values, ordered: Values, p: float, alpha: float, least: float
    ) -> None:
        self._values, self._ordered = values, ordered
        self._over, self._alpha, self._least = 1 - p, alpha, least
        self._fewest = binomial.least_samples(p)
        levels = [_at(ordered, level) for level in (*_LEVELS, p)]
        self.inflation = max(inflation(values > level, least, _SURER) for level in levels)

    def upper(self, rank: int) -> float:
        """The lowest level that is surely not below the quantile, infinite where there is none."""
        found = math.inf
        for level in self._candidates_from_above(rank):
            if not self._surely_below(level):
                found = self._between(level, found)
                break
            found = level
        return max(found, float(self._ordered[rank - 1]))

    def _between(self, low: float, high: float) -> float:
        """Closer to where the levels begin that are surely not below; `high` is one of them."""
        for _ in range(_HALVINGS if math.isfinite(high) else 0):
            middle = (low + high) / 2
            low, high = (low, middle) if self._surely_below(middle) else (middle, high)
        return high

    def lower(self, rank: int) -> float:
        """The highest sample that is surely not above the quantile; zero where there is none."""
        for index in _downwards(rank - 1):
            level = float(self._ordered[index])
            hits = self._values >= level
            by = inflation(hits, self._least)
            k, n = float(np.count_nonzero(hits)) / by, len(hits) / by
            if binomial.at_least(k, n, self._over) <= self._alpha:
                return level
        return 0.0

    def _candidates_from_above(self, rank: int) -> Iterator[float]:
        finite = self._ordered[np.isfinite(self._ordered)]
        if len(finite) == 0:
            return
        least, most = float(finite[0]), float(finite[-1])
        for factor in reversed(_BEYOND):
            yield least + max(most - least, 0.1 * most) * factor
        for index in _spread(rank - 1, len(finite)):
            yield float(finite[index])

    def _surely_below(self, level: float) -> bool:
        if len(self._values) < self._fewest or not self._bounded(level, self._over, self._least):
            return False
        if self._bounded(level, self._over, self.inflation, _SURER):
            return True
        least = float(self._ordered[0])
        return all(
            self._bounded(
                least + (level - least) / part,
                _WAIT * (self._over / _WAIT) ** (1 / part),
                self._least,
            )
            for part in (2, 4)
        )

    def _bounded(self, level: float, over: float, least: float, safety: float = _SAFETY) -> bool:
        """Whether at most a share `over` of all requests exceeds the level, surely."""
        hits = self._values > level
        by = inflation(hits, least, safety)
        k, n = float(np.count_nonzero(hits)) / by, len(hits) / by
        return binomial.at_most(k, n, over) <= self._alpha


def _at(ordered: Values, p: float) -> float:
    return float(ordered[min(len(ordered), max(1, math.ceil(p * len(ordered)))) - 1])


def _spread(first: int, end: int) -> Iterator[int]:
    """Indices from the last one down to `first`, all of them or evenly thinned."""
    count = end - first
    if count <= _MOST_CANDIDATES:
        yield from range(end - 1, first - 1, -1)
        return
    for step in range(_MOST_CANDIDATES):
        yield end - 1 - step * (count - 1) // (_MOST_CANDIDATES - 1)


def _downwards(first: int) -> Iterator[int]:
    """Indices from `first` down to 0: each of the first 64, then with growing steps."""
    index, step = first, 1.0
    while index >= 0:
        yield index
        step = step if first - index < _MOST_CANDIDATES // 2 else step * 1.15
        index -= int(step)
