"""JSON Lines: one object a line, whose keys are the columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.datasets.base import KINDS, Array, missing_column
from harness.accuracy.errors import DatasetError

SUFFIXES = (".jsonl", ".ndjson")


class Lines:
    """The objects of a file; only the place of each line is kept in memory."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._path, self._names = path, names
        self._file: IO[bytes] = path.open("rb")
        self._starts, self._lines = _index(self._file)
        self.rows = len(self._starts)

    def read(self, start: int, stop: int) -> dict[str, Array]:
        """Rows `start` to before `stop`."""
        return self.take(np.arange(start, stop, dtype=np.int64))

    def take(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Rows by number."""
        objects = [self._object(int(row)) for row in rows]
        return {name: self._column(name, rows, objects) for name in self._names}

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _object(self, row: int) -> dict[str, Any]:
        self._file.seek(self._starts[row])
        where = f"{self._path}:{self._lines[row]}"
        try:
            value = json.loads(self._file.readline())
        except (ValueError, RecursionError) as problem:
            raise DatasetError(f"{where}: not a line of JSON: {problem}") from None
        if not isinstance(value, dict):
            raise DatasetError(f"{where}: is a JSON {type(value).__name__}, expected an object")
        return value

    def _column(self, name: str, rows: NDArray[np.int64], objects: list[dict[str, Any]]) -> Array:
        for row, found in zip(rows, objects, strict=True):
            if found.get(name) is None:
                where = Path(f"{self._path}:{self._lines[row]}")
                raise missing_column(where, name, [key for key in found if found[key] is not None])
        try:
            column = np.asarray([found[name] for found in objects])
        except ValueError:
            column = np.empty(0, dtype=object)
        if column.dtype.kind not in KINDS:
            first = self._lines[rows[0]]
            raise DatasetError(
                f"{self._path}:{first}: the rows of {name!r} from here on are not numbers or text "
                "of one shape"
            )
        return column


def _index(file: IO[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offset and number of every line that is not blank."""
    offsets, numbers, position = [], [], 0
    for number, line in enumerate(file, 1):
        if not line.isspace():
            offsets.append(position)
            numbers.append(number)
        position += len(line)
    return np.asarray(offsets, np.int64), np.asarray(numbers, np.int64)


def open_columns(path: Path, names: Sequence[str]) -> Lines:
    """The keys `names` of every line. Raises DatasetError, lazily, with file and line."""
    return Lines(path, names)
