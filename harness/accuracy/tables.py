"""Paired counts: all that is kept of the rows that two models answered. They add up.

Counts of parts of a data set add to the counts of the whole, so that rows may be split over
processes or machines in any way and the verdict is the same to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.accuracy import statistics
from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.predictions import Predictions
from harness.accuracy.statistics import Interval

Array = NDArray[Any]
FLIPS = 50  # rows that are shown one by one
SLICE_VALUES = 1_000  # more values than that are no slices
_CELLS = 5  # both right, b, c, both wrong and different, both wrong and equal


@dataclass(frozen=True, slots=True)
class Table:
    """How often the two models were right on the same rows."""

    n: int = 0
    both_right: int = 0
    b: int = 0  # reference right, candidate wrong
    c: int = 0  # reference wrong, candidate right
    w: int = 0  # both wrong, in different ways

    def __add__(self, other: Table) -> Table:
        return Table(
            self.n + other.n,
            self.both_right + other.both_right,
            self.b + other.b,
            self.c + other.c,
            self.w + other.w,
        )

    @property
    def reference_accuracy(self) -> float:
        """In %."""
        return 100 * (self.both_right + self.b) / self.n

    @property
    def candidate_accuracy(self) -> float:
        """In %."""
        return 100 * (self.both_right + self.c) / self.n

    @property
    def flips(self) -> float:
        """Share of rows on which exactly one of the two is right."""
        return (self.b + self.c) / self.n

    def drop(self, level: float) -> Interval:
        """Accuracy that the candidate lost, in percentage points; positive is worse.

        Tango's score interval, two-sided at `level`.
        """
        return statistics.tango(self.b, self.c, self.n, level).scaled(100)

    def agreement(self, level: float) -> Interval:
        """Rows with the same answer, right or wrong, in %; Wilson interval at `level`."""
        same = self.n - self.b - self.c - self.w
        return statistics.wilson(same, self.n, level).scaled(100)


@dataclass(frozen=True, slots=True)
class Flip:
    """A row on which the two models differ."""

    row: int  # its number in the data set, from 0
    label: str
    reference: str  # class, or "none" where there was no answer that means one
    candidate: str
    reference_scores: tuple[float, ...] = ()
    candidate_scores: tuple[float, ...] = ()
    harmful: bool = False  # the reference was right


@dataclass(slots=True)
class Tally:
    """Counts in the making."""

    cells: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_CELLS, np.int64))
    classes: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    slices: dict[str, dict[str, NDArray[np.int64]]] = field(default_factory=dict)
    flips: list[Flip] = field(default_factory=list)

    def add(
        self,
        ids: NDArray[np.int64],
        labels: Array,
        slices: Mapping[str, Array],
        pair: tuple[Predictions, Predictions],
    ) -> None:
        """Count some rows. Raises ModelError or DatasetError where they cannot be compared."""
        for side in pair:
            _comparable(ids, labels, side)
        code, right = _codes(labels, *pair)
        self.cells += np.bincount(code, minlength=_CELLS)
        _count(self.classes, labels, code)
        for name, values in slices.items():
            counted = self.slices.setdefault(name, {})
            _count(counted, values, code)
            if len(counted) > SLICE_VALUES:
                raise DatasetError(
                    f"column {name!r} has more than {SLICE_VALUES} values, so it makes no slices"
                )
        wanted = FLIPS - len(self.flips)
        for i in np.flatnonzero((code >= 1) & (code <= 3))[: max(0, wanted)]:
            self.flips.append(_flip(int(i), ids, labels, pair, bool(right[i])))

    def table(self) -> Table:
        """All rows."""
        return _table(self.cells)

    def by_class(self) -> dict[str, Table]:
        """One table for each label, in natural order."""
        return _tables(self.classes)

    def by_slice(self) -> dict[str, dict[str, Table]]:
        """For each column, one table for each value."""
        return {name: _tables(counted) for name, counted in self.slices.items()}


def _codes(
    labels: Array, reference: Predictions, candidate: Predictions
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The cell of each row, and whether the reference was right."""
    right = reference.known & (reference.classes == labels)
    also = candidate.known & (candidate.classes == labels)
    same = reference.known & candidate.known & (reference.classes == candidate.classes)
    wrong = np.where(same, 4, 3)
    code = np.where(right, np.where(also, 0, 1), np.where(also, 2, wrong))
    return code.astype(np.int64), right


def _count(into: dict[str, NDArray[np.int64]], keys: Array, code: NDArray[np.int64]) -> None:
    if keys.ndim != 1:
        raise DatasetError(f"a slice has rows of shape {keys.shape[1:]}, expected one value a row")
    values, inverse = np.unique(keys, return_inverse=True)
    counts = np.bincount(inverse * _CELLS + code, minlength=len(values) * _CELLS)
    for value, cells in zip(values, counts.reshape(-1, _CELLS), strict=True):
        key = str(value)
        into[key] = into[key] + cells if key in into else cells


def _table(cells: NDArray[np.int64]) -> Table:
    both_right, b, c, w, _ = (int(cell) for cell in cells)
    return Table(int(cells.sum()), both_right, b, c, w)


def _tables(counted: Mapping[str, NDArray[np.int64]]) -> dict[str, Table]:
    return {key: _table(counted[key]) for key in sorted(counted, key=_natural)}


def _natural(key: str) -> tuple[float, str]:
    try:
        return float(key), key
    except ValueError:
        return float("inf"), key


def _comparable(ids: NDArray[np.int64], labels: Array, side: Predictions) -> None:
    if not side.known.any():
        return
    if (labels.dtype.kind in "US") != (side.classes.dtype.kind in "US"):
        kinds = {True: "text", False: "numbers"}
        raise ModelError(
            f"labels are {kinds[labels.dtype.kind in 'US']}, but the model answers "
            f"{kinds[side.classes.dtype.kind in 'US']}; row {ids[0]}: label {labels[0]!s}, "
            f"answer {side.classes[0]!s}"
        )
    classes = side.scores.shape[1]
    if classes and (outside := (labels < 0) | (labels >= classes)).any():
        first = int(np.argmax(outside))
        raise ModelError(
            f"label {labels[first]} of row {ids[first]} is not among the {classes} classes of the "
            f"model, 0 to {classes - 1}"
        )


def _flip(
    i: int,
    ids: NDArray[np.int64],
    labels: Array,
    pair: tuple[Predictions, Predictions],
    harmful: bool,
) -> Flip:
    reference, candidate = pair
    return Flip(
        int(ids[i]),
        str(labels[i]),
        _named(reference, i),
        _named(candidate, i),
        tuple(float(score) for score in reference.scores[i]),
        tuple(float(score) for score in candidate.scores[i]),
        harmful,
    )


def _named(side: Predictions, i: int) -> str:
    return str(side.classes[i]) if side.known[i] else "none"
