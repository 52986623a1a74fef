"""Binomial tails with real-valued counts, exact, without scipy."""

from __future__ import annotations

import math
from collections.abc import Callable

_Function = Callable[[float], float]

# Requests come in clusters, so their number is divided by this at least before it is judged: a
# run in which nothing clustered has not shown that nothing can.
LEAST_INFLATION = 2.0

_TINY = 1e-300
_CLOSE = 1e-14


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1.

    Continued fraction of DLMF 8.17.22, evaluated by Lentz's method.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return front * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _nonzero(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 5000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1.0 / _nonzero(1.0 + even * d), _nonzero(1.0 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1.0 / _nonzero(1.0 + odd * d), _nonzero(1.0 + odd / c)
        value *= d * c
        if abs(d * c - 1.0) < _CLOSE:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def at_most(k: float, n: float, p: float) -> float:
    """P(X <= k) of a binomial X with n trials of probability p; k and n may be fractions."""
    if k >= n:
        return 1.0
    return 0.0 if k < 0 else incomplete_beta(n - k, k + 1, 1 - p)


def at_least(k: float, n: float, p: float) -> float:
    """P(X >= k), likewise."""
    if k <= 0:
        return 1.0
    return 0.0 if k > n else incomplete_beta(k, n - k + 1, p)


def clopper_pearson(k: float, n: float, confidence: float) -> tuple[float, float]:
    """Two-sided interval of a share that was seen k times in n (Biometrika 26, 1934)."""
    alpha = (1 - confidence) / 2
    low = 0.0 if k <= 0 else _root(lambda p: at_least(k, n, p) - alpha)
    high = 1.0 if k >= n else _root(lambda p: alpha - at_most(k, n, p))
    return low, high


def _root(rising: _Function) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def ranks(n: int, p: float, confidence: float) -> tuple[int, int]:
    """Ranks l, u such that the sorted samples X_l..X_u hold the p-quantile, for independent ones.

    Counted from 1; l = 0 or u = n + 1 where there are too few samples for that side. Le Boudec,
    Performance Evaluation of Computer Systems, chapter 2: binomial quantiles of (1 -+ c) / 2.
    """
    alpha = (1 - confidence) / 2
    return _quantile(alpha, n, p), _quantile(1 - alpha, n, p) + 1


def _quantile(q: float, n: int, p: float) -> int:
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if at_most(middle, n, p) >= q else (middle + 1, high)
    return low


def least_samples(p: float, confidence: float = 0.99) -> int:
    """How few samples can bound the p-quantile from above: 459 for p99 at 99 %.

    With fewer, even a run without a single slow answer says nothing. As in the early stopping of
    MLPerf's LoadGen: ceil(log(1 - c) / log(p)).
    """
    return math.ceil(math.log(1 - confidence) / math.log(p))
