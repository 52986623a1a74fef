"""The difference of two proportions on the same rows: tests, intervals, non-inferiority."""

from __future__ import annotations

import math
from statistics import NormalDist

from harness.accuracy.statistics.intervals import (
    Interval,
    binomial_tail,
    counts,
    edge,
    quantile,
    wilson,
)

_MANY = 10_000  # flips one way; with more the exact limit differs in no digit that is shown


def paired(b: float, c: float, n: float, confidence: float) -> Interval:
    """The interval on which a verdict rests: Tango's, exact where all flips go one way.

    Where c = 0 the loss is the single proportion b / n, and score limits of a proportion are too
    narrow for few rows: without any flip Tango certifies 0.5 pp from 539 rows on, which a candidate
    that loses exactly that passes in 6.7 % of runs. There each end is moved out to the limit of
    Clopper and Pearson (598 rows); for b = 0 likewise. Counts may be fractions, as those that a
    design effect makes smaller; the exact limit rounds them to the safe side.
    Raises ValueError for n < 1.
    """
    found = tango(b, c, n, confidence)
    tail = (1 - confidence) / 2
    low, high = found.low, found.high
    if c == 0:
        high = max(high, edge(lambda t: _within_exact(b, n, t) > tail, found.value, 1.0))
    if b == 0:
        low = min(low, -edge(lambda t: _within_exact(c, n, t) > tail, -found.value, 1.0))
    if c == 0 and b > 0:
        low = min(low, edge(lambda t: _beyond_exact(b, n, t) <= tail, 0.0, found.value))
    if b == 0 and c > 0:
        high = max(high, -edge(lambda t: _beyond_exact(c, n, t) <= tail, 0.0, -found.value))
    return Interval(found.value, low, high)


def within(b: float, c: float, n: float, margin: float) -> float:
    """One-sided p-value against "the loss is `margin` or more": small certifies the candidate.

    The test that `paired` inverts: its upper end lies below the margin where this is below alpha.
    """
    counts(n, b, c)
    found = NormalDist().cdf(tango_statistic(b, c, n, margin))
    if c == 0:
        found = max(found, _within_exact(b, n, margin))
    elif b == 0 and margin < 0:
        found = max(found, _beyond_exact(c, n, -margin))
    return found


def beyond(b: float, c: float, n: float, margin: float) -> float:
    """One-sided p-value against "the loss is `margin` or less": small raises the alarm."""
    return within(c, b, n, -margin)


def tango(b: float, c: float, n: float, confidence: float) -> Interval:
    """Score interval of the paired difference (b - c) / n.

    Tango, Statistics in Medicine 17:891-908 (1998): all t for which the score statistic, with the
    nuisance parameter at its restricted maximum likelihood estimate, is not significant. It is
    proper for b = c = 0. Raises ValueError for n < 1.
    """
    counts(n, b, c)
    z, value = quantile(confidence), (b - c) / n

    def low_side(t: float) -> bool:
        return tango_statistic(b, c, n, t) > z

    def high_side(t: float) -> bool:
        return tango_statistic(b, c, n, t) >= -z

    low = -1.0 if value == -1 else edge(low_side, -1.0, value)
    high = 1.0 if value == 1 else edge(high_side, value, 1.0)
    return Interval(value, min(low, value), max(high, value))


def tango_statistic(b: float, c: float, n: float, t: float) -> float:
    """Tango's score statistic for the hypothesis that the difference (b - c) / n is `t`."""
    distance = b - c - n * t
    variance = n * (2 * restricted(b, c, n, t) + t * (1 - t))
    if variance <= 0:
        return 0.0 if distance == 0 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def restricted(b: float, c: float, n: float, t: float) -> float:
    """The likeliest share of rows that only the candidate gets right, if the difference is `t`."""
    first, second, third = 2 * n, -(b + c) + (2 * n - b + c) * t, -c * t * (1 - t)
    root = math.sqrt(max(second * second - 4 * first * third, 0.0))
    # Two forms of one root: the usual one loses every digit where second is large and positive.
    return (root - second) / (2 * first) if second <= 0 else -2 * third / (root + second)


def newcombe(b: int, c: int, n: int, both_right: int, confidence: float) -> Interval:
    """Interval of the paired difference (b - c) / n by squaring and adding Wilson limits.

    Method 10 of Newcombe, Statistics in Medicine 17:2635-2650 (1998).
    Raises ValueError for n < 1.
    """
    counts(n, b + c + both_right)
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


def _within_exact(b: float, n: float, t: float) -> float:
    """P(Bin(n, t) <= b); 0 where Tango's limit is as good."""
    return 0.0 if b > _MANY else binomial_tail(math.ceil(b), math.floor(n), t)


def _beyond_exact(b: float, n: float, t: float) -> float:
    """P(Bin(n, t) >= b); 0 where Tango's limit is as good."""
    rows = math.ceil(n)
    return 0.0 if b > _MANY else binomial_tail(rows - math.floor(b), rows, 1 - t)


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
