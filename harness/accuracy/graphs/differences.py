"""How two answers to the same rows differ: as bits, as a signal, and in what they mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.errors import ModelError
from harness.accuracy.workers import Array

_SHARE_OF_SPREAD = 0.01  # of the numbers' standard deviation: a smaller step is rounding
_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows whose answer differs between two runs of one model."""

    changed: NDArray[np.bool_]  # of each row: another class, or a number that moved by 1 % of the
    #                             spread of all
    differing: NDArray[np.bool_]  # of each row: any bit
    decibels: float  # 20 log10(|first| / |first - second|); infinite where they are equal

    @property
    def share(self) -> float:
        """Changed rows in %."""
        return 100 * float(self.changed.mean())

    @property
    def equal(self) -> bool:
        """Whether every bit is the same."""
        return not self.differing.any()


def differ(first: Array, second: Array, *, numbers: bool = False) -> Difference:
    """Compare two answers, first dimension the rows.

    Scores of shape (n, k) mean the class with the highest, a lone fraction a probability, whole
    numbers and text themselves. `numbers`: values are numbers, as of a regression.

    Raises ModelError where the two have not the same shape.
    """
    if first.shape != second.shape:
        raise ModelError(f"answers shape {second.shape} the second time, after {first.shape}")
    if first.dtype.kind not in "f":
        unlike = _any(first != second)
        return Difference(unlike, unlike, np.inf if not unlike.any() else -np.inf)
    # NaN equals NaN here: the comparison of the two models says what it thinks of NaN.
    both = np.isnan(first) & np.isnan(second)
    unlike = _any(np.asarray((first != second) & ~both))
    changed = _moved(first, second) if numbers else _any(_classes(first) != _classes(second))
    return Difference(changed & unlike, unlike, _decibels(first, second))


def _any(values: Array) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.asarray(values.reshape(len(values), -1).any(axis=1))
    return found


def _classes(values: Array) -> Array:
    flat = values.reshape(len(values), -1)
    if flat.shape[1] > 1:
        best: Array = flat.argmax(axis=1)
        return best
    lone = flat[:, 0]
    whole = lone == np.rint(lone)
    found: Array = np.where(whole, lone, (lone >= _THRESHOLD).astype(lone.dtype))
    return found


def _moved(first: Array, second: Array) -> NDArray[np.bool_]:
    spread = np.nanstd(first.astype(np.float64), axis=0)
    far = ~(np.abs(first.astype(np.float64) - second) <= _SHARE_OF_SPREAD * spread)
    return _any(far)


def _decibels(first: Array, second: Array) -> float:
    signal = float(np.linalg.norm(first.astype(np.float64)))
    noise = float(np.linalg.norm(first.astype(np.float64) - second))
    if noise == 0:
        return np.inf
    return 20 * float(np.log10(signal / noise)) if signal else -np.inf
