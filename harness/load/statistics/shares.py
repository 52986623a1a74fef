"""Whether one share is surely larger than another: Fisher's exact test."""

from __future__ import annotations

import math


def by_chance(k: int, n: int, j: int, m: int) -> float:
    """How likely `k` of `n` and at most `j` of `m` are, where both are drawn with one probability.

    One-sided; R. A. Fisher, Statistical Methods for Research Workers, 1934, section 21.02. One
    where `n` or `m` is zero: then nothing was compared.
    """
    if not n or not m:
        return 1.0
    hits, whole = k + j, _ways(n + m, k + j)
    likely = (
        math.exp(_ways(m, i) + _ways(n, hits - i) - whole) for i in range(j + 1) if hits - i <= n
    )
    return min(1.0, math.fsum(likely))


def _ways(n: int, k: int) -> float:
    """Logarithm of the binomial coefficient."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
