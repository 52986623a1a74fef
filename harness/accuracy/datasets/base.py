"""What every format offers, and the errors that all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.errors import DatasetError
from harness.suggest import did_you_mean

Array = NDArray[Any]
KINDS = "biufUS"  # plain numbers and text: nothing that could carry code
CHUNK = 4 << 20  # bytes of rows that a format reads at once, roughly


class Columns(Protocol):
    """Some columns of equal length, any rows of which are read at little cost."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    def read(self, start: int, stop: int) -> dict[str, Array]:
        """The rows from `start` to before `stop`, each column of shape (stop - start, ...)."""

    def take(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """The rows of those numbers, in that order."""

    def close(self) -> None:
        """Give back files."""


def refuse_objects(path: Path, name: str, dtype: np.dtype[Any]) -> None:
    """Raise DatasetError for a column of Python objects or of structures."""
    if dtype.hasobject:
        raise DatasetError(
            f"{path}: column {name!r} holds pickled Python objects, which are never loaded; "
            "save it as plain numbers or text"
        )
    if dtype.kind not in KINDS:
        raise DatasetError(f"{path}: column {name!r} has dtype {dtype}, expected numbers or text")


def missing_column(where: object, name: str, known: Sequence[str]) -> DatasetError:
    """The error for a column that is not there."""
    shown = ", ".join(sorted(known)[:20]) or "none"
    return DatasetError(
        f"{where}: has no column {name!r}{did_you_mean(name, known)}; columns: {shown}"
    )


def same_length(path: Path, lengths: Mapping[str, int]) -> int:
    """The one length of all columns. Raises DatasetError where they differ."""
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} has {rows}" for name, rows in lengths.items())
        raise DatasetError(f"{path}: columns differ in their number of rows: {shown}")
    return next(iter(lengths.values()))
