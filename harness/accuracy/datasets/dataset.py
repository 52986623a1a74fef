"""The evaluation rows: batches of inputs, labels, slices and clusters, checked as they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.datasets.base import Array, Columns, refuse_objects
from harness.accuracy.datasets.roles import ANY, CLASSES, Roles
from harness.accuracy.errors import DatasetError

_BEYOND = 2.0**63  # the first number that int64 has no place for


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: their numbers in the data set, and their columns; first dimension the rows."""

    ids: NDArray[np.int64]
    inputs: Mapping[str, Array]  # by the name of the model's input
    labels: Array  # classes: int64 or text, shape (n,); numbers: float64, shape (n, ...)
    slices: Mapping[str, Array]
    clusters: Array | None = None  # whole numbers or text, shape (n,)


class Dataset:
    """Rows by number; opened by `Source.open`. Use it as a context."""

    def __init__(self, path: Path, columns: Columns, roles: Roles) -> None:
        self.path, self.roles = path, roles
        self._columns = columns

    def __enter__(self) -> Dataset:
        return self

    def __exit__(self, *_: object) -> None:
        self._columns.close()

    def __len__(self) -> int:
        return self._columns.rows

    def row_bytes(self) -> int:
        """Bytes of the inputs of one row, to choose how many rows to read at once."""
        first = self._columns.read(0, 1)
        return max(1, sum(int(first[column].nbytes) for column in self.roles.inputs.values()))

    def read(self, start: int, stop: int) -> Batch:
        """The rows from `start` to before `stop`.

        Raises DatasetError where a row cannot be read, or a label or cluster is not one.
        """
        ids = np.arange(start, stop, dtype=np.int64)
        return self._batch(ids, self._columns.read(start, stop))

    def take(self, ids: NDArray[np.int64]) -> Batch:
        """The rows of those numbers, in that order. Raises as `read` does."""
        return self._batch(ids, self._columns.take(ids))

    def batches(self, size: int) -> Iterator[Batch]:
        """All rows in their order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.read(start, min(start + size, len(self)))

    def _batch(self, ids: NDArray[np.int64], columns: Mapping[str, Array]) -> Batch:
        for name, column in columns.items():
            refuse_objects(self.path, name, column.dtype)
        roles = self.roles
        labels, clusters = np.empty(0), None
        if roles.labels is not None:
            labels = self._labels(ids, roles.labels, columns[roles.labels])
        if roles.clusters is not None:
            clusters = self._keys("clusters", ids, roles.clusters, columns[roles.clusters])
        return Batch(
            ids,
            {name: columns[column] for name, column in roles.inputs.items()},
            labels,
            {name: self._keys("a slice", ids, name, columns[name]) for name in roles.slices},
            clusters,
        )

    def _labels(self, ids: NDArray[np.int64], name: str, labels: Array) -> Array:
        if self.roles.kind == CLASSES:
            hint = "; one-hot rows become classes with argmax(axis=1)"
            return self._keys("labels", ids, name, labels, hint)
        if labels.dtype.kind in "US":
            if self.roles.kind == ANY:
                return labels
            raise DatasetError(
                f"{self.path}: label {name!r} of row {ids[0]} is the text {str(labels[0])!r}, "
                "expected a number"
            )
        numbers = labels.astype(np.float64)
        self._refuse(ids, name, labels, np.isfinite(numbers), "a finite number")
        return numbers

    def _keys(
        self, what: str, ids: NDArray[np.int64], name: str, keys: Array, hint: str = ""
    ) -> Array:
        """One class, slice or cluster a row: whole numbers as int64, or text."""
        if keys.ndim == 2 and keys.shape[1] == 1:
            keys = keys[:, 0]
        if keys.ndim != 1:
            raise DatasetError(
                f"{self.path}: {name!r}, {what}, has shape {keys.shape[1:]} a row, "
                f"expected one value a row{hint}"
            )
        if keys.dtype.kind in "US":
            return keys.astype(str)
        if keys.dtype.kind == "f":
            if what == "a slice":
                return keys
            whole = (np.abs(keys) < _BEYOND) & (keys == np.rint(keys))
            self._refuse(ids, name, keys, whole, "a class or a key: a whole number or text")
        if keys.dtype == np.uint64:
            self._refuse(ids, name, keys, keys < _BEYOND, "a number of 63 bits at most")
        return keys.astype(np.int64)

    def _refuse(
        self, ids: NDArray[np.int64], name: str, values: Array, good: Array, expected: str
    ) -> None:
        """Raise DatasetError for the first row that is not good."""
        fine = good.reshape(len(good), -1).all(axis=1)
        if not fine.all():
            first = int(np.argmin(fine))
            shown: Any = values[first]
            raise DatasetError(
                f"{self.path}: {name!r} of row {ids[first]} is {shown}, expected {expected}"
            )
