"""How many rows it takes: the power of Tango's test of non-inferiority, known before running."""

from __future__ import annotations

import math
from statistics import NormalDist

from harness.accuracy.statistics import binomial_tail, tango_statistic

_EXACT = 5_000  # above so many rows the normal approximation is as good as the exact sum


def required_rows(flips: float, margin: float, confidence: float, power: float) -> int | None:
    """Rows with which a candidate that loses nothing is certified with chance `power`.

    `flips` is the share of rows on which exactly one of the two models is right, `margin` the
    largest loss that is accepted, as a share; `confidence` is one-sided. None where no number of
    rows is enough, because the margin is zero or less.

    The power is exact (binomial flips, each as likely to harm as to help) up to 5,000 rows and
    follows Miettinen, Biometrics 24:339-352 (1968), above.
    """
    if margin <= 0:
        return None
    z = NormalDist().inv_cdf(confidence)
    normal = (z + NormalDist().inv_cdf(power)) ** 2 * flips / margin**2
    if normal > _EXACT:
        return math.ceil(normal)
    low, high = 0, 8
    while power_at(high, flips, margin, z) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = power_at(middle, flips, margin, z) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def power_at(n: int, flips: float, margin: float, z: float) -> float:
    """Chance that n rows certify "loses less than `margin`" of a candidate that loses nothing."""
    total, harmed = 0.0, -1
    for flipped in range(n + 1):
        chance = _binomial(flipped, n, flips)
        # The most harmful rows among `flipped` with which the test still passes: it never falls.
        while harmed < flipped and _passes(harmed + 1, flipped, n, margin, z):
            harmed += 1
        total += chance * binomial_tail(harmed, flipped, 0.5)
        if flipped > n * flips and chance < 1e-9:
            break
    return total


def _passes(b: int, flipped: int, n: int, margin: float, z: float) -> bool:
    return tango_statistic(b, flipped - b, n, margin) < -z


def _binomial(k: int, n: int, p: float) -> float:
    if p <= 0 or p >= 1:
        return float(k == (0 if p <= 0 else n))
    logarithm = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(logarithm + k * math.log(p) + (n - k) * math.log1p(-p))
