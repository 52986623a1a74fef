"""The area under the ROC curve of two models on the same rows, and the interval of its loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.accuracy.statistics.intervals import Interval, quantile


def delong(
    labels: ArrayLike, first: ArrayLike, second: ArrayLike, confidence: float
) -> tuple[float, float, Interval]:
    """Both areas, and the interval of first - second.

    `labels` are true for the positive rows; all three are of shape (rows,). DeLong, DeLong and
    Clarke-Pearson, Biometrics 44:837-845 (1988), computed from midranks as by Sun and Xu, IEEE
    Signal Processing Letters 21:1389-1393 (2014). Where both models rank all rows alike it has no
    width: a verdict needs `Interval.at_least(unseen(rows of the rarer label, confidence))`.
    Raises ValueError where scores are not finite or one of the labels has fewer than two rows.
    """
    z = quantile(confidence)
    positive = np.asarray(labels, bool)
    least = min(int(positive.sum()), int((~positive).sum()))
    if least < 2:
        raise ValueError(f"the rarer of the two labels has {least} rows, expected at least 2")
    areas, up, down = zip(*(_placements(positive, np.asarray(s)) for s in (first, second)))
    value = areas[0] - areas[1]
    spread = sum(float(np.var(part[0] - part[1], ddof=1)) / len(part[0]) for part in (up, down))
    half = z * math.sqrt(spread)
    return areas[0], areas[1], Interval(value, max(-1.0, value - half), min(1.0, value + half))


def _placements(
    positive: NDArray[np.bool_], scores: NDArray[Any]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """The area; of each positive the share of negatives below it, of each negative the reverse."""
    if scores.shape != positive.shape:
        raise ValueError(f"scores of shape {scores.shape} for labels of shape {positive.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("a score is NaN or infinite, so the rows cannot be ranked")
    above, below = scores[positive], scores[~positive]
    ranks = _midranks(scores)
    up = (ranks[positive] - _midranks(above)) / len(below)
    down = 1 - (ranks[~positive] - _midranks(below)) / len(above)
    return float(up.mean()), up, down


def _midranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of theirs."""
    order = np.argsort(values)
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(values)])
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(starts + (sizes + 1) / 2, sizes)
    return ranks
