"""Leaks: whether memory, open files or threads grow with the requests, told apart from warming up.

The least of each quarter of a minute is taken, as garbage that waits to be collected lies above it;
through these minima goes the line of Theil and Sen, with Sen's interval. The first part of a run
is left out, as buffers and caches fill then, and a growth that is no larger than what an allocator
keeps for itself is no sure leak. `python -m benchmarks.leaks` shows what that is worth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

BUCKET = 15.0  # seconds
LEAST = 12  # buckets: fewer say nothing
WARMING = 0.5  # share of the run that is left out: caches fill ever more slowly
SHORTEST = LEAST * BUCKET / (1 - WARMING)  # seconds of load that decide
_MOST = 240  # buckets: a long run gets longer ones


@dataclass(frozen=True, slots=True)
class Trend:
    """A line through the minima of something that is sampled, over the requests sent so far."""

    requests: Values  # at each minimum, ascending
    least: Values  # the minima, as many
    slope: float  # per request
    low: float  # its interval
    high: float
    bucket: float  # seconds of each

    @property
    def enough(self) -> bool:
        """Whether the run was long enough for the interval to mean what it says."""
        return self.bucket >= 0.95 * BUCKET  # the last look is a little before the end

    @property
    def span(self) -> float:
        """Requests between the first and the last minimum."""
        return float(self.requests[-1] - self.requests[0])

    def cautious(self, settling: float) -> Trend:
        """The same, but growth of less than `settling` in the whole span is no sure growth."""
        if self.low * self.span > settling:
            return self
        low = min(self.low, 0.0)
        return Trend(self.requests, self.least, self.slope, low, self.high, self.bucket)

    def lasts(self, limit: float) -> float | None:
        """Requests from the last minimum until the line reaches `limit`; None: it does not."""
        if self.slope <= 0:
            return None
        return max(0.0, limit - float(self.least[-1])) / self.slope


def trend(at: Values, values: Values, requests: Values, confidence: float) -> Trend | None:
    """The trend of samples taken at `at` (s, ascending), when so many requests had been sent.

    All of the shape (n,). None where too few samples, or no requests, are in the part that counts.
    """
    if len(at) < LEAST:
        return None
    start = at[0] + WARMING * (at[-1] - at[0])
    kept = at >= start
    span = float(at[-1] - start)
    count = min(_MOST, max(LEAST, int(span / BUCKET)))
    if span <= 0:
        return None
    bucket = np.minimum(((at[kept] - start) * count / span).astype(np.int64), count - 1)
    order = np.lexsort((values[kept], bucket))  # stable: of equal ones the first
    _, first = np.unique(bucket[order], return_index=True)
    lowest = np.sort(order[first])
    x, y = requests[kept][lowest], values[kept][lowest]
    if len(lowest) < LEAST or x[-1] <= x[0]:
        return None
    return Trend(x, y, *theil_sen(x, y, confidence), bucket=span / count)


def theil_sen(x: Values, y: Values, confidence: float) -> tuple[float, float, float]:
    """Slope through points of the shape (n,), and its interval: slope, low, high.

    The median of the slopes of all pairs, and Sen's interval by Kendall's statistic with its
    correction for ties (P. K. Sen, Journal of the American Statistical Association 63, 1968).
    Raises ValueError where no two points have different x.
    """
    first, second = np.triu_indices(len(x), 1)
    apart = x[second] - x[first]
    slopes = np.sort((y[second] - y[first])[apart != 0] / apart[apart != 0])
    if len(slopes) == 0:
        raise ValueError("all points have the same x, expected at least two different ones")
    n, pairs = len(x), len(slopes)
    variance = (_ties(n) - sum(map(_ties, _repeats(x))) - sum(map(_ties, _repeats(y)))) / 18
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(max(0.0, variance))
    low = max(0, round((pairs - reach) / 2) - 1)
    high = min(pairs - 1, round((pairs + reach) / 2))
    return float(np.median(slopes)), float(slopes[low]), float(slopes[high])


def _ties(k: int) -> int:
    return k * (k - 1) * (2 * k + 5)


def _repeats(values: Values) -> list[int]:
    return [int(count) for count in np.unique(values, return_counts=True)[1] if count > 1]
