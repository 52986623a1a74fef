"""Verdicts that may be looked for after every block: betting on rows, valid at any stop.

Somebody who doubts that the loss is below t bets against each row: a capital of 1 is multiplied by
1 + stake * (t - L), with L = 1 for a row the candidate lost, -1 for one it won, 0 otherwise. Where
the loss is t or more the game is not in favour of the bettor, and the chance that the capital ever
reaches 1 / alpha is at most alpha, however often one looks (Ville 1939). So when it does, "t or
more" is refuted: the method of Waudby-Smith and Ramdas, "Estimating means of bounded random
variables by betting", Journal of the Royal Statistical Society B 86:1-27 (2024).

The capital is split over a fixed grid of stakes, so that it depends on (b, c, n) alone: on no order
of the rows, no former look, and no number of processes. It grows with t for given counts, so the
losses that are not refuted are an interval.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.accuracy.statistics.intervals import Interval, counts, edge, one_sided, quantile

# Stakes as shares of the largest that one row cannot ruin, and how the capital is split over them.
# The best stake is about (t - loss) / flip rate, so the grid spans flip rates up to 1 and losses
# close to t; a little more on large stakes ends the clear cases sooner (benchmarks/sequential.py).
_STAKES = np.asarray(0.96 * 0.5 ** (0.9 * np.arange(12)), np.float64)
_SPLIT = np.log(_STAKES**0.25 / np.sum(_STAKES**0.25))
_EARLY = 0.2  # of alpha that looking early may spend


def shares(confidence: float, early: bool) -> tuple[float | None, float]:
    """Two-sided levels of the early looks and of the interval at the end of the data.

    `confidence` is one-sided, the policy's. Looking early spends a fifth of alpha on `anytime`, and
    leaves four fifths to the interval at the end, so that either errs in alpha at most (Boole).
    Without it there is no level for early looks (None), and the end has all of alpha.
    """
    alpha = 1 - confidence
    if not early:
        return None, one_sided(confidence)
    return one_sided(1 - _EARLY * alpha), one_sided(1 - (1 - _EARLY) * alpha)


def anytime(b: float, c: float, n: float, confidence: float) -> Interval:
    """Confidence sequence of the loss (b - c) / n after n rows in random order.

    Two-sided at `confidence`: each end misses the truth at any look, over all looks together, with
    a chance of (1 - confidence) / 2 at most. Raises ValueError for n < 1.
    """
    counts(n, b, c)
    quantile(confidence)
    value = (b - c) / n
    bound = -math.log((1 - confidence) / 2)
    high = edge(lambda t: float(log_evidence(b, c, n, t)) < bound, value, 1.0)
    low = -edge(lambda t: float(log_evidence(c, b, n, t)) < bound, -value, 1.0)
    return Interval(value, max(-1.0, min(low, value)), min(1.0, max(high, value)))


def log_evidence(b: ArrayLike, c: ArrayLike, n: ArrayLike, margin: float) -> NDArray[Any]:
    """Logarithm of the capital won against "the loss is `margin` or more", for arrays of counts.

    Certifies the candidate where it is log(1 / alpha) or more. With b and c exchanged and the
    margin's sign turned it is the capital against "the loss is `margin` or less". -1 < margin < 1.
    """
    lost, won, rows = (np.asarray(x, np.float64)[..., None] for x in (b, c, n))
    stakes = _STAKES / (1 - margin)
    capital = (
        _SPLIT
        + lost * np.log1p(-_STAKES)
        + won * np.log1p(stakes * (1 + margin))
        + (rows - lost - won) * np.log1p(stakes * margin)
    )
    total: NDArray[Any] = np.logaddexp.reduce(capital, axis=-1)
    return total
