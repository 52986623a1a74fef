"""Several files read one after another as one data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.datasets.base import Array, Columns
from harness.accuracy.errors import DatasetError


class Folder:
    """The rows of all `parts`, in that order."""

    def __init__(self, path: Path, parts: Sequence[Columns]) -> None:
        self._path = path
        self._parts = parts
        self._ends = np.cumsum([part.rows for part in parts])

    @property
    def rows(self) -> int:
        """Rows of all files together."""
        return int(self._ends[-1])

    def read(self, start: int, stop: int) -> dict[str, Array]:
        """Rows `start` to before `stop`, across the files that hold them."""
        pieces = []
        for part, end in zip(self._parts, self._ends, strict=True):
            first = int(end) - part.rows
            low, high = max(start, first), min(stop, int(end))
            if low < high:
                pieces.append(part.read(low - first, high - first))
        return self._joined(pieces)

    def take(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Rows by number, each file asked once."""
        owners = np.searchsorted(self._ends, rows, side="right")
        pieces, places = [], []
        for owner in np.unique(owners):
            part = self._parts[owner]
            mine = np.flatnonzero(owners == owner)
            pieces.append(part.take(rows[mine] - (int(self._ends[owner]) - part.rows)))
            places.append(mine)
        back = np.argsort(np.concatenate(places))
        return {name: column[back] for name, column in self._joined(pieces).items()}

    def close(self) -> None:
        """Close every file."""
        for part in self._parts:
            part.close()

    def _joined(self, pieces: list[dict[str, Array]]) -> dict[str, Array]:
        for name in pieces[0]:
            shapes = {piece[name].shape[1:] for piece in pieces}
            if len(shapes) > 1:
                raise DatasetError(
                    f"{self._path}: column {name!r} has rows of different shapes in its files: "
                    f"{', '.join(map(str, sorted(shapes)))}"
                )
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
