"""Intervals where rows belong together, like those of one user: clusters are the sample, not rows.

Rows of a cluster tend to flip together, so n rows tell less than n independent ones. The design
effect says how much less: the variance of the loss as the clusters show it, over the variance that
independent rows would have (Rao and Scott, "A simple method for the analysis of clustered binary
data", Biometrics 48:577-585, 1992). Here harm and help have one each, and both enter the variance
that Tango's score statistic has under its hypothesis. An interval from the variance at the estimate
would be too narrow just where few clusters happened to be harmed (benchmarks/coverage.py).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.accuracy.statistics.intervals import Interval, edge, quantile
from harness.accuracy.statistics.paired import paired, restricted


def clustered(sums: ArrayLike, confidence: float) -> Interval:
    """Interval of the loss (sum b - sum c) / sum n of `sums`, shape (clusters, 3): n, b, c of each.

    For clusters of one row it is `paired`. A single cluster certifies nothing: -1 to 1.
    Raises ValueError for another shape, or counts that do not fit.
    """
    sizes, lost, won = _checked(sums)
    n, b, c = (float(column.sum()) for column in (sizes, lost, won))
    z, value = quantile(confidence), (b - c) / n
    if len(sizes) < 2:
        return Interval(value, -1.0, 1.0)
    usual = float(sizes @ sizes) / n
    harm, help_ = (_effect(flips, usual) for flips in (lost, won))
    low = -edge(lambda t: _score(c, b, n, t, (help_, harm)) >= -z, -value, 1.0)
    high = edge(lambda t: _score(b, c, n, t, (harm, help_)) >= -z, value, 1.0)
    if b == 0 or c == 0:  # all flips go one way: exact, see `paired`
        effect = harm if c == 0 else help_
        alone = paired(b / effect, c / effect, max(n / effect, 1.0), confidence)
        low, high = min(low, alone.low), max(high, alone.high)
    return Interval(value, max(-1.0, min(low, value)), min(1.0, max(high, value)))


def design_effect(sums: ArrayLike) -> float:
    """Variance of the loss over clusters, against that of independent rows; 1 without flips.

    The variance is that of a ratio estimate, as in Rao and Scott. `sums` as for `clustered`.
    """
    sizes, lost, won = _checked(sums)
    n, many = float(sizes.sum()), len(sizes)
    value = float((lost.sum() - won.sum()) / n)
    alone = float((lost.sum() + won.sum()) / n) - value**2
    if alone <= 0 or many < 2:
        return 1.0
    residuals = lost - won - sizes * value
    return float(many / (many - 1) * (residuals @ residuals) / (n * alone))


def together(sums: ArrayLike) -> float:
    """How many rows count as one, at most, where flips of a cluster come together; 1 or more.

    As `clustered` has it, so also where few flips do not show how they come: of clusters without
    any it is their usual size, and of a single one all its rows. `sums` as for `clustered`.
    """
    sizes, lost, won = _checked(sums)
    n = float(sizes.sum())
    if len(sizes) < 2:
        return n
    usual = float(sizes @ sizes) / n
    return max(1.0, _effect(lost, usual), _effect(won, usual), design_effect(sums))


def _effect(flips: NDArray[np.float64], usual: float) -> float:
    """How many flips come at once: the mean, over flips, of those in the same cluster.

    As if one more cluster of usual size had flipped as a whole, since few flips do not show how
    they come; and plus its standard error, since clusters that happen to be small make the loss and
    its variance small together.
    """
    counted = np.append(flips[flips > 0], usual)
    total = float(counted.sum())
    mean = float(counted @ counted) / total
    return mean + float(np.linalg.norm(counted * (counted - mean))) / total


def _score(b: float, c: float, n: float, t: float, effects: tuple[float, float]) -> float:
    """Tango's statistic for the loss `t`, where flips of either kind come several at once."""
    other = restricted(b, c, n, t)
    variance = n * ((other + t) * effects[0] + other * effects[1] - t * t)
    distance = b - c - n * t
    if variance <= 0:
        return 0.0 if distance == 0 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def _checked(sums: ArrayLike) -> tuple[NDArray[Any], ...]:
    table = np.asarray(sums, np.float64)
    if table.ndim != 2 or table.shape[1] != 3 or not len(table):
        raise ValueError(f"clusters need sums of shape (clusters, 3), got {table.shape}")
    sizes, lost, won = table.T
    if (lost < 0).any() or (won < 0).any() or (lost + won > sizes).any() or (sizes < 1).any():
        raise ValueError("a cluster has more flips than rows, or no rows")
    return sizes, lost, won
