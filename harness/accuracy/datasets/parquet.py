"""Parquet, where pyarrow is installed: one row group at a time, never through Python lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.datasets.base import Array, missing_column
from harness.accuracy.errors import DatasetError

SUFFIXES = (".parquet",)


class RowGroups:
    """Some columns of a Parquet file; the row group that was read last is kept."""

    def __init__(self, path: Path, names: Sequence[str], file: Any) -> None:
        self._path, self._names, self._file = path, list(names), file
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        self._ends = np.cumsum([0, *sizes])[1:]
        self.rows = int(file.metadata.num_rows)
        self._kept: tuple[int, dict[str, Array]] = (-1, {})

    def read(self, start: int, stop: int) -> dict[str, Array]:
        """Rows `start` to before `stop`."""
        return self.take(np.arange(start, stop, dtype=np.int64))

    def take(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Rows by number; each row group that holds some is read once."""
        owners = np.searchsorted(self._ends, rows, side="right")
        pieces: dict[str, list[Array]] = {name: [] for name in self._names}
        places = []
        for owner in np.unique(owners):
            mine = np.flatnonzero(owners == owner)
            places.append(mine)
            first = int(self._ends[owner - 1]) if owner else 0
            for name, column in self._group(int(owner)).items():
                pieces[name].append(column[rows[mine] - first])
        back = np.argsort(np.concatenate(places))
        return {name: np.concatenate(parts)[back] for name, parts in pieces.items()}

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _group(self, number: int) -> dict[str, Array]:
        if self._kept[0] != number:
            try:
                table = self._file.read_row_group(number, columns=self._names)
            except (OSError, ValueError) as problem:
                raise DatasetError(
                    f"{self._path}: row group {number} cannot be read: {problem}"
                ) from None
            found = {name: self._array(name, table.column(name)) for name in self._names}
            self._kept = (number, found)
        return self._kept[1]

    def _array(self, name: str, chunked: Any) -> Array:
        import pyarrow as pa

        column = chunked.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # zero chunks, in older releases
            column = pa.concat_arrays(column.chunks)
        if column.null_count:
            raise DatasetError(f"{self._path}: column {name!r} has {column.null_count} null values")
        shape = [len(column)]
        while pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type):
            shape.append(self._width(name, column))
            column = column.flatten()
        array: Array = column.to_numpy(zero_copy_only=False)
        return (array.astype(str) if array.dtype.kind == "O" else array).reshape(shape)

    def _width(self, name: str, column: Any) -> int:
        import pyarrow.compute as pc

        widths = pc.min_max(pc.list_value_length(column)).as_py()
        if widths["min"] != widths["max"]:
            raise DatasetError(
                f"{self._path}: column {name!r} has rows of {widths['min']} to {widths['max']} "
                "values, expected one length"
            )
        return int(widths["min"] or 0)


def open_columns(path: Path, names: Sequence[str]) -> RowGroups:
    """The columns `names`. Raises DatasetError, also where pyarrow is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise DatasetError(
            f"{path}: reading Parquet needs the package 'pyarrow'; pip install pyarrow"
        ) from None
    try:
        file = pyarrow.parquet.ParquetFile(path, memory_map=False)
    except (OSError, pyarrow.ArrowInvalid) as problem:
        raise DatasetError(f"{path}: not a whole Parquet file: {problem}") from None
    known = [field.name for field in file.schema_arrow]
    for name in names:
        if name not in known:
            file.close()
            raise missing_column(path, name, known)
    return RowGroups(path, names, file)
