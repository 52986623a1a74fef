"""Intervals and tests for proportions, paired and single; plain `math`, no scipy.

A paired comparison of two classifiers over n rows is four counts. Here `b` is the number of rows
that the reference gets right and the candidate wrong, `c` the other way round; rows on which both
are right, or both are wrong, carry no weight in the difference. All intervals are two-sided at
`confidence`; see `one_sided` for what a limit needs.
"""

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
        """The same interval in another unit, as 100 makes percent of a share."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)


def one_sided(confidence: float) -> float:
    """The level of a two-sided interval either end of which alone holds at `confidence`.

    A limit looks at one end of an interval only. With 90 % two-sided for a policy's 95 %, a
    candidate that is exactly at the margin passes in 5 % of runs, which is what a one-sided
    non-inferiority test at alpha = 1 - confidence promises.
    """
    return max(0.0, 2 * confidence - 1)


def wilson(successes: int, n: int, confidence: float) -> Interval:
    """Score interval of one proportion.

    Wilson, J. Am. Stat. Assoc. 22:209-212 (1927). Raises ValueError for n < 1.
    """
    _counts(n, successes)
    z = _quantile(confidence)
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # Rounding must not take the ends of 0 of n and n of n away from 0 and 1.
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == n else (centre + spread) / scale
    return Interval(share, min(low, share), max(high, share))


def tango(b: int, c: int, n: int, confidence: float) -> Interval:
    """Score interval of the paired difference (b - c) / n.

    Tango, Statistics in Medicine 17:891-908 (1998): all t for which the score statistic, with the
    nuisance parameter at its restricted maximum likelihood estimate, is not significant. It holds
    its level for small n and is proper for b = c = 0. Raises ValueError for n < 1.
    """
    _counts(n, b, c)
    z, value = _quantile(confidence), (b - c) / n

    def low_side(t: float) -> bool:
        return tango_statistic(b, c, n, t) > z

    def high_side(t: float) -> bool:
        return tango_statistic(b, c, n, t) >= -z

    low = -1.0 if value == -1 else _edge(low_side, -1.0, value)
    high = 1.0 if value == 1 else _edge(high_side, value, 1.0)
    return Interval(value, min(low, value), max(high, value))


def tango_statistic(b: int, c: int, n: int, t: float) -> float:
    """Tango's score statistic for the hypothesis that the difference (b - c) / n is `t`."""
    first, second, third = 2 * n, -(b + c) + (2 * n - b + c) * t, -c * t * (1 - t)
    root = math.sqrt(max(second * second - 4 * first * third, 0.0))
    # Two forms of one root: the usual one loses every digit where second is large and positive.
    nuisance = (root - second) / (2 * first) if second <= 0 else -2 * third / (root + second)
    distance = b - c - n * t
    variance = n * (2 * nuisance + t * (1 - t))
    if variance <= 0:
        return 0.0 if distance == 0 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def newcombe(b: int, c: int, n: int, both_right: int, confidence: float) -> Interval:
    """Interval of the paired difference (b - c) / n by squaring and adding Wilson limits.

    Method 10 of Newcombe, Statistics in Medicine 17:2635-2650 (1998).
    Raises ValueError for n < 1.
    """
    _counts(n, b + c + both_right)
    both_wrong = n - both_right - b - c
    first = wilson(both_right + b, n, confidence)
    second = wilson(both_right + c, n, confidence)
    phi = _correlation(both_right, b, c, both_wrong)
    value = (b - c) / n
    low = _distance(first.value - first.low, second.high - second.value, phi)
    high = _distance(second.value - second.low, first.high - first.value, phi)
    return Interval(value, max(-1.0, value - low), min(1.0, value + high))


def mcnemar(b: int, c: int) -> float:
    """Exact two-sided p-value for "both models are right equally often".

    McNemar, Psychometrika 12:153-157 (1947), in its exact binomial form.
    """
    return min(1.0, 2 * binomial_tail(min(b, c), b + c, 0.5))


def worse(b: int, c: int) -> float:
    """Exact one-sided p-value against "the candidate is no worse": P(Bin(b + c, 1/2) >= b)."""
    return binomial_tail(c, b + c, 0.5)


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


def _correlation(both_right: int, b: int, c: int, both_wrong: int) -> float:
    """Phi of the paired table, with Newcombe's correction for continuity."""
    product = (both_right + b) * (c + both_wrong) * (both_right + c) * (b + both_wrong)
    if product == 0:
        return 0.0
    numerator: float = both_right * both_wrong - b * c
    if numerator > 0:
        numerator = max(numerator - (both_right + b + c + both_wrong) / 2, 0)
    return numerator / math.sqrt(product)


def _distance(first: float, second: float, phi: float) -> float:
    return math.sqrt(max(first**2 - 2 * phi * first * second + second**2, 0.0))


def _edge(before: Callable[[float], bool], low: float, high: float) -> float:
    """Where `before` turns from true to false between `low` and `high`."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if before(middle) else (low, middle)
    return (low + high) / 2


def _quantile(confidence: float) -> float:
    if not 0 <= confidence < 1:
        raise ValueError(f"confidence {confidence!r} is not between 0 and 1, like 0.95")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _counts(n: int, *parts: int) -> None:
    if n < 1:
        raise ValueError(f"an interval needs at least one row, got n = {n}")
    if min(parts) < 0 or sum(parts) > n:
        raise ValueError(f"counts {parts} do not fit into n = {n} rows")
