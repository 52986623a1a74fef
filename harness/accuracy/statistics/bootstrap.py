"""Intervals of metrics that are not means of rows: resample the rows, both models together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.accuracy.statistics.intervals import Interval, quantile

Array = NDArray[Any]

_LARGEST = 100_000  # rows of a resample; more data than that is subsampled
_GROUPS = 100  # of rows that are left out in turn, to see the skewness
_FEWEST = 400  # resamples that an interval needs, however long they take
_ENTRIES = 1 << 21  # of a block of resampled tables: 16 MiB
_NORMAL = NormalDist()


def bootstrap(
    statistic: Callable[..., float],
    arrays: Sequence[Array],
    confidence: float,
    seed: int,
    replicates: int = 2_000,
    seconds: float | None = None,
) -> Interval:
    """Interval of `statistic(*arrays)`, whose arrays have one entry a row and are drawn together.

    Bias-corrected and accelerated: Efron, J. Am. Stat. Assoc. 82:171-185 (1987), the acceleration
    from groups of rows left out in turn. Of more than 100,000 rows, so many are drawn, and the
    draws are brought nearer to the value by the root of the ratio: Bickel, Goetze and van Zwet,
    Statistica Sinica 7:1-31 (1997). Where `seconds` run out, no fewer than 400 draws count.
    The interval has no width where all draws are alike: see `unseen`.
    Raises ValueError where there are fewer than two rows, or the statistic is not finite.
    """
    quantile(confidence)
    n = len(arrays[0])
    if n < 2 or any(len(column) != n for column in arrays):
        raise ValueError(f"expected columns of one length, at least 2, got {n} rows in the first")
    value = _finite(statistic(*arrays), "on the rows")
    chance, size, ends = np.random.default_rng(seed), min(n, _LARGEST), time.monotonic()
    draws: list[float] = []
    while len(draws) < replicates:
        if seconds is not None and len(draws) >= _FEWEST and time.monotonic() - ends > seconds:
            break
        chosen = chance.integers(0, n, size)
        drawn = _finite(statistic(*(column[chosen] for column in arrays)), "on resampled rows")
        draws.append(value + (drawn - value) * math.sqrt(size / n))
    acceleration = 0.0 if n > _LARGEST else _acceleration(_left_out(statistic, arrays))
    return _interval(value, np.array(draws), acceleration, confidence)


def multinomial_bootstrap(
    cells: ArrayLike,
    statistic: Callable[[NDArray[np.float64]], Array],
    confidence: float,
    seed: int,
    replicates: int = 2_000,
) -> Interval:
    """Interval of a function of counts, like F1 of a table: the same as resampling the rows.

    `cells` are counts of shape (k,); `statistic` maps tables of shape (r, k) to values of shape
    (r,). A draw costs k steps, however many rows were counted. Method and errors as `bootstrap`;
    the acceleration leaves out one row of each cell in turn.
    """
    quantile(confidence)
    table = np.asarray(cells, np.int64)
    n = int(table.sum())
    if table.ndim != 1 or n < 2 or (table < 0).any():
        raise ValueError(f"expected counts of at least 2 rows, got {n} in shape {table.shape}")
    value = float(_finite(statistic(table[None].astype(np.float64)), "on the rows")[0])
    chance, step = np.random.default_rng(seed), max(1, _ENTRIES // len(table))
    draws = [
        _finite(statistic(drawn.astype(np.float64)), "on resampled rows")
        for at in range(0, replicates, step)
        for drawn in (chance.multinomial(n, table / n, size=min(step, replicates - at)),)
    ]
    weights = table[table > 0].astype(np.float64)
    acceleration = _acceleration(_cells_left_out(statistic, table), weights)
    return _interval(value, np.concatenate(draws), acceleration, confidence)


def _interval(value: float, draws: Array, acceleration: float, confidence: float) -> Interval:
    """The ends among the draws, rounded outwards: fewer draws are a wider interval."""
    many = len(draws)
    below = (np.count_nonzero(draws < value) + np.count_nonzero(draws == value) / 2) / many
    bias = _NORMAL.inv_cdf(min(max(below, 1 / (2 * many)), 1 - 1 / (2 * many)))
    ordered, tail = np.sort(draws), (1 - confidence) / 2
    first = math.floor((many + 1) * _corrected(tail, bias, acceleration)) - 1
    last = math.ceil((many + 1) * _corrected(1 - tail, bias, acceleration)) - 1
    low, high = float(ordered[max(first, 0)]), float(ordered[min(last, many - 1)])
    return Interval(value, min(low, value), max(high, value))


def _corrected(level: float, bias: float, acceleration: float) -> float:
    """Which share of the draws stands for `level`."""
    shifted = bias + _NORMAL.inv_cdf(level)
    scale = 1 - acceleration * shifted
    if scale <= 0:  # so skew that the correction turns over: the outermost draw
        return float(level > 0.5)
    return _NORMAL.cdf(bias + shifted / scale)


def _acceleration(left_out: Array, weights: Array | None = None) -> float:
    """A sixth of the skewness of the influence of rows."""
    influence = np.average(left_out, weights=weights) - left_out
    one = np.ones_like(influence) if weights is None else weights
    square = float(one @ influence**2)
    return float(one @ influence**3) / (6 * square**1.5) if square > 0 else 0.0


def _left_out(statistic: Callable[..., float], arrays: Sequence[Array]) -> Array:
    n = len(arrays[0])
    groups = min(n, _GROUPS)
    found = np.empty(groups)
    for group in range(groups):
        kept = np.arange(n) % groups != group
        found[group] = _finite(statistic(*(column[kept] for column in arrays)), "on part of them")
    return found


def _cells_left_out(
    statistic: Callable[[NDArray[np.float64]], Array], table: NDArray[np.int64]
) -> Array:
    filled = np.flatnonzero(table)
    step, found = max(1, _ENTRIES // len(table)), []
    for at in range(0, len(filled), step):
        part = filled[at : at + step]
        less = np.repeat(table[None].astype(np.float64), len(part), axis=0)
        less[np.arange(len(part)), part] -= 1
        found.append(_finite(statistic(less), "on part of them"))
    return np.concatenate(found)


def _finite(value: Any, where: str) -> Any:
    if not np.isfinite(value).all():
        raise ValueError(
            f"the metric is not a finite number {where}: too few rows of some kind to resample"
        )
    return value
