"""Parquet, where pyarrow is installed: a few thousand rows at a time, never through lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.accuracy.datasets.arrow import column_array, pyarrow_for
from harness.accuracy.datasets.base import Array, missing_column
from harness.accuracy.errors import DatasetError

SUFFIXES = (".parquet",)
_ROWS = 4096  # of one piece


def chunks(path: Path, names: Sequence[str]) -> Iterator[dict[str, Array]]:
    """The columns `names`, some rows at a time.

    Raises DatasetError, also where pyarrow is not installed.
    """
    pyarrow = pyarrow_for(path, "Parquet")
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(path, memory_map=False, pre_buffer=False)
    except (OSError, pyarrow.ArrowInvalid) as problem:
        raise DatasetError(f"{path}: not a whole Parquet file: {problem}") from None
    with file:
        known = [field.name for field in file.schema_arrow]
        for name in names:
            if name not in known:
                raise missing_column(path, name, known)
        try:
            for piece in file.iter_batches(_ROWS, columns=list(names), use_threads=False):
                yield {name: column_array(path, name, piece.column(name)) for name in names}
        except (OSError, pyarrow.ArrowException) as problem:
            raise DatasetError(f"{path}: a row group cannot be read: {problem}") from None
