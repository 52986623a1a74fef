"""An estimate with its limits, and the intervals of a single proportion."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

_STEPS = 80  # bisections: more than a double can tell apart


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between its confidence limits, all in one unit; `low <= value <= high`."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> Interval:
        """The same interval in another unit, as 100 makes percent of a share; factor > 0."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)

    def at_least(self, unseen: float) -> Interval:
        """The same, allowing for losses that too few rows show: see `unseen`.

        Intervals whose spread is estimated from the rows are too narrow where the loss comes from
        few of them, and of no width where it comes from none. Each distance d from the value
        becomes u/2 + sqrt((u/2)^2 + d^2), which is u for no width and hardly more than d for a wide
        one: the form that Wilson's interval has near a proportion of 0.
        """

        def farther(distance: float) -> float:
            return unseen / 2 + math.hypot(unseen / 2, distance)

        low = self.value - farther(self.value - self.low)
        return Interval(self.value, low, self.value + farther(self.high - self.value))


def one_sided(confidence: float) -> float:
    """The level of a two-sided interval either end of which alone holds at `confidence`.

    A limit looks at one end of an interval only. With 90 % two-sided for a policy's 95 %, a
    candidate that is exactly at the margin passes in 5 % of runs, which is what a one-sided
    non-inferiority test at alpha = 1 - confidence promises.
    """
    return max(0.0, 2 * confidence - 1)


def quantile(confidence: float) -> float:
    """Of the normal distribution, for a two-sided level. Raises ValueError outside [0, 1)."""
    if not 0 <= confidence < 1:
        raise ValueError(f"confidence {confidence!r} is not between 0 and 1, like 0.95")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def counts(n: float, *parts: float) -> None:
    """Raises ValueError where the parts are negative or do not fit into n rows, or n < 1."""
    if n < 1:
        raise ValueError(f"an interval needs at least one row, got n = {n}")
    if min(parts) < 0 or sum(parts) > n * (1 + 1e-12):
        raise ValueError(f"counts {parts} do not fit into n = {n} rows")


def wilson(successes: int, n: int, confidence: float) -> Interval:
    """Score interval of one proportion.

    Wilson, J. Am. Stat. Assoc. 22:209-212 (1927). Raises ValueError for n < 1.
    """
    counts(n, successes)
    z = quantile(confidence)
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # Rounding must not take the ends of 0 of n and n of n away from 0 and 1.
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == n else (centre + spread) / scale
    return Interval(share, min(low, share), max(high, share))


def clopper_pearson(successes: int, n: int, confidence: float) -> Interval:
    """Exact interval of one proportion, which holds at least its level for every n.

    Clopper and Pearson, Biometrika 26:404-413 (1934). Raises ValueError for n < 1.
    """
    counts(n, successes)
    quantile(confidence)
    tail, share = (1 - confidence) / 2, successes / n
    low = edge(lambda p: binomial_tail(n - successes, n, 1 - p) <= tail, 0.0, share)
    high = edge(lambda p: binomial_tail(successes, n, p) > tail, share, 1.0)
    return Interval(share, low if successes else 0.0, high if successes < n else 1.0)


def unseen(n: int, confidence: float) -> float:
    """The largest share of harmed rows with which n rows may well show none.

    For `Interval.at_least`, where a metric's spread is estimated from rows (DeLong, bootstrap).
    1 - alpha^(1/n), the upper end of `clopper_pearson(0, n)`. Raises ValueError for n < 1.
    """
    counts(n, 0)
    quantile(confidence)
    return -math.expm1(math.log((1 - confidence) / 2) / n)


def binomial_tail(k: int, n: int, p: float) -> float:
    """P(Bin(n, p) <= k), summed from its largest term until a term no longer counts."""
    if k < 0:
        return 0.0
    if k >= n or p <= 0:
        return 1.0
    if p >= 1:
        return 0.0
    if k > n * p:
        return 1.0 - binomial_tail(n - k - 1, n, 1 - p)
    logarithm = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    term = math.exp(logarithm + k * math.log(p) + (n - k) * math.log1p(-p))
    total = 0.0
    for i in range(k, -1, -1):
        total += term
        term *= i / (n - i + 1) * (1 - p) / p
        if term < total * 1e-17:
            break
    return min(1.0, total)


def edge(before: Callable[[float], bool], low: float, high: float) -> float:
    """Where `before` turns from true to false between `low` and `high`."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if before(middle) else (low, middle)
    return (low + high) / 2
