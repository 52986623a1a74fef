"""What every format offers, and the data set that batches and shuffles any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.errors import DatasetError
from harness.suggest import did_you_mean

Array = NDArray[Any]
KINDS = "biufUS"  # plain numbers and text: nothing that could carry code


class Columns(Protocol):
    """Some columns of one file or folder, all of `rows` rows."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    def read(self, start: int, stop: int) -> dict[str, Array]:
        """The rows from `start` to before `stop`, each column of shape (stop - start, ...)."""

    def take(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """The rows of those numbers, in that order."""

    def close(self) -> None:
        """Give back files."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: their numbers in the data set, inputs, labels, and the columns of slices."""

    ids: NDArray[np.int64]
    inputs: Array
    labels: Array
    slices: Mapping[str, Array]


class Dataset:
    """The evaluation rows: which column is the input, which the label, which are slices."""

    def __init__(
        self, path: Path, columns: Columns, inputs: str, labels: str, slices: Sequence[str]
    ) -> None:
        self.path = path
        self._columns = columns
        self._inputs, self._labels, self._slices = inputs, labels, tuple(slices)

    def __enter__(self) -> Dataset:
        return self

    def __exit__(self, *_: object) -> None:
        self._columns.close()

    def __len__(self) -> int:
        return self._columns.rows

    def row_bytes(self) -> int:
        """Bytes of one row's input, to choose how many rows to read at once."""
        return max(1, int(self._columns.read(0, 1)[self._inputs].nbytes))

    def batches(self, size: int, seed: int | None = None) -> Iterator[Batch]:
        """All rows once, `size` at a time: in their order, or in one that follows from `seed`.

        Raises DatasetError where a row cannot be read or a label is not a class.
        """
        order = None if seed is None else np.random.default_rng(seed).permutation(len(self))
        for start in range(0, len(self), size):
            stop = min(start + size, len(self))
            if order is None:
                ids = np.arange(start, stop, dtype=np.int64)
                yield self._batch(ids, self._columns.read(start, stop))
            else:
                ids = order[start:stop]
                yield self._batch(ids, self._columns.take(ids))

    def _batch(self, ids: NDArray[np.int64], columns: Mapping[str, Array]) -> Batch:
        for name, column in columns.items():
            refuse_objects(self.path, name, column.dtype)
        labels = _classes(self.path, self._labels, ids, columns[self._labels])
        slices = {name: columns[name] for name in self._slices}
        return Batch(ids, columns[self._inputs], labels, slices)


def refuse_objects(path: Path, name: str, dtype: np.dtype[Any]) -> None:
    """Raise DatasetError for a column of Python objects or of structures."""
    if dtype.hasobject:
        raise DatasetError(
            f"{path}: column {name!r} holds pickled Python objects, which are never loaded; "
            "save it as plain numbers or text"
        )
    if dtype.kind not in KINDS:
        raise DatasetError(f"{path}: column {name!r} has dtype {dtype}, expected numbers or text")


def missing_column(path: Path, name: str, known: Sequence[str]) -> DatasetError:
    """The error for a column that is not there."""
    shown = ", ".join(sorted(known)[:20]) or "none"
    return DatasetError(
        f"{path}: has no column {name!r}{did_you_mean(name, known)}; columns: {shown}"
    )


def same_length(path: Path, lengths: Mapping[str, int]) -> int:
    """The one length of all columns. Raises DatasetError where they differ."""
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} has {rows}" for name, rows in lengths.items())
        raise DatasetError(f"{path}: columns differ in their number of rows: {shown}")
    return next(iter(lengths.values()))


def _classes(path: Path, name: str, ids: NDArray[np.int64], labels: Array) -> Array:
    """Labels as whole numbers or text, one a row."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise DatasetError(
            f"{path}: labels {name!r} have shape {labels.shape[1:]} a row, expected one class a "
            "row; one-hot rows become classes with argmax(axis=1)"
        )
    if labels.dtype.kind == "f":
        whole = np.isfinite(labels) & (labels == np.rint(labels))
        if not whole.all():
            first = int(np.argmin(whole))
            raise DatasetError(
                f"{path}: label {name!r} of row {ids[first]} is {labels[first]}, "
                "expected a class: a whole number or text"
            )
    return labels.astype(np.int64) if labels.dtype.kind in "biuf" else labels
