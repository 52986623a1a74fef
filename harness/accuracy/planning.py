"""How many rows it takes: the power of the test of non-inferiority, known before running."""

from __future__ import annotations

import math
from statistics import NormalDist

from harness.accuracy.statistics import binomial_tail, one_sided, paired, within

POWER = 0.8
USUAL = 0.01  # flip rate that is assumed where none was seen: int8 beside float, done well
_EXACT = 5_000  # above so many rows the normal approximation is as good as the exact sum
_MOST = 1e12  # rows; more than that are no plan


def plan(rows: int | None, margin: float, confidence: float, flips: float | None = None) -> str:
    """A sentence to print before running: the rows that a verdict takes, and those that there are.

    `rows` of the data set (None: not known), `margin` in pp, `confidence` one-sided, `flips` the
    share of rows on which exactly one model is right, where an earlier run has seen it.
    """
    needed = required_rows(USUAL if flips is None else flips, margin / 100, confidence, POWER)
    if needed is None:
        return f"no number of rows certifies a loss of at most {margin:g} pp"
    least = required_rows(0.0, margin / 100, confidence, POWER)
    seen = f"{100 * (USUAL if flips is None else flips):.3g} % flips"
    rate = f"{seen}, an assumption" if flips is None else seen
    text = (
        f"certifying a loss of at most {margin:g} pp at {100 * confidence:g} % takes about "
        f"{needed} rows at {rate}, and {least} without any"
    )
    if rows is None:
        return text
    short = "" if rows >= needed else ": too few, unless there are fewer flips"
    return f"{text}; the data set has {rows}{short}"


def more_rows(b: int, c: int, n: int, margin: float, confidence: float) -> int | None:
    """How many more rows would decide, if their flips come as those of the first n did.

    `margin` in pp, `confidence` one-sided. 0: decided already. None: no number of rows, as the loss
    is too near to the margin to tell.
    """
    level, limit = one_sided(confidence), margin / 100

    def decided(factor: float) -> bool:
        found = paired(b * factor, c * factor, n * factor, level)
        return found.high <= limit or found.low > limit

    if decided(1.0):
        return 0
    low, high = 1.0, 2.0
    while not decided(high):
        low, high = high, 2 * high
        if high * n > _MOST:
            return None
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if decided(middle) else (middle, high)
    return math.ceil((high - 1) * n)


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
    while power_at(high, flips, margin, confidence) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = power_at(middle, flips, margin, confidence) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def power_at(n: int, flips: float, margin: float, confidence: float) -> float:
    """Chance that n rows certify "loses less than `margin`" of a candidate that loses nothing."""
    total, harmed, alpha = 0.0, -1, 1 - confidence
    for flipped in range(n + 1):
        chance = _binomial(flipped, n, flips)
        # The most harmful rows among `flipped` with which the test still passes: it never falls.
        while harmed < flipped - 1 and _passes(harmed + 1, flipped, n, margin, alpha):
            harmed += 1
        # All of them harmful is one table more, where the exact limit is stricter than Tango's.
        every = harmed == flipped - 1 and _passes(flipped, flipped, n, margin, alpha)
        total += chance * (1.0 if every else binomial_tail(harmed, flipped, 0.5))
        if flipped > n * flips and chance < 1e-9:
            break
    return total


def _passes(b: int, flipped: int, n: int, margin: float, alpha: float) -> bool:
    return within(b, flipped - b, n, margin) < alpha


def _binomial(k: int, n: int, p: float) -> float:
    if p <= 0 or p >= 1:
        return float(k == (0 if p <= 0 else n))
    logarithm = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(logarithm + k * math.log(p) + (n - k) * math.log1p(-p))
