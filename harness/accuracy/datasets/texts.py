"""A column of text in a flat copy: UTF-8 in one file, where each row ends in another."""

from __future__ import annotations

import os
from typing import IO

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.datasets.base import Array
from harness.accuracy.datasets.fixed import FixedRows
from harness.accuracy.errors import DatasetError


class Texts:
    """Texts by row, as arrays of kind "U"."""

    def __init__(self, where: str, data: IO[bytes], ends: FixedRows) -> None:
        self._where, self._data, self._ends = where, data, ends

    def read(self, start: int, stop: int) -> Array:
        """Rows `start` to before `stop`. Raises DatasetError."""
        ends = self._ends.read(start, stop).tolist()
        starts = [self._start(start), *ends[:-1]] if ends else []
        return self._decoded(starts, ends)

    def take(self, rows: NDArray[np.int64]) -> Array:
        """Rows by number. Raises DatasetError."""
        starts = self._ends.take(np.maximum(rows - 1, 0))
        return self._decoded(
            np.where(rows == 0, 0, starts).tolist(), self._ends.take(rows).tolist()
        )

    def _start(self, row: int) -> int:
        return int(self._ends.read(row - 1, row)[0]) if row else 0

    def _decoded(self, starts: list[int], ends: list[int]) -> Array:
        file = self._data.fileno()
        pairs = list(zip(starts, ends, strict=True))
        pieces = [os.pread(file, end - start, start) for start, end in pairs]
        if sum(map(len, pieces)) < sum(end - start for start, end in pairs):
            raise DatasetError(f"{self._where}: the file was cut short while it was read")
        return np.asarray([piece.decode() for piece in pieces], dtype=str)
