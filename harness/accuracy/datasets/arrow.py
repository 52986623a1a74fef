"""Arrow IPC files and streams, where pyarrow is installed; and Arrow columns as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.accuracy.datasets.base import Array, missing_column
from harness.accuracy.errors import DatasetError

SUFFIXES = (".arrow", ".feather", ".arrows")
_FILE_MAGIC = b"ARROW1"


def chunks(path: Path, names: Sequence[str]) -> Iterator[dict[str, Array]]:
    """The columns `names`, one record batch at a time; the file form and the stream form.

    Raises DatasetError, also where pyarrow is not installed.
    """
    pyarrow = pyarrow_for(path, "Arrow")
    try:
        with pyarrow.OSFile(str(path), "rb") as file:
            for batch in _batches(pyarrow, file):
                known = batch.schema.names
                for name in names:
                    if name not in known:
                        raise missing_column(path, name, known)
                yield {name: column_array(path, name, batch.column(name)) for name in names}
    except (OSError, pyarrow.ArrowException) as problem:
        raise DatasetError(f"{path}: not a whole Arrow file: {problem}") from None


def _batches(pyarrow: Any, file: Any) -> Iterator[Any]:
    magic = file.read(len(_FILE_MAGIC))
    file.seek(0)
    if magic != _FILE_MAGIC:
        yield from pyarrow.ipc.open_stream(file)
        return
    reader = pyarrow.ipc.open_file(file)
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number)


def pyarrow_for(path: Path, what: str) -> Any:
    """The package pyarrow. Raises DatasetError where it is not installed."""
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError:
        raise DatasetError(
            f"{path}: reading {what} needs the package 'pyarrow'; "
            "pip install 'releasegate[parquet]'"
        ) from None
    return pyarrow


def column_array(path: Path, name: str, column: Any) -> Array:
    """An Arrow column as an array of shape (n, ...); lists of one length become dimensions.

    Raises DatasetError for nulls, and lists of different length.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.null_count:
        raise DatasetError(f"{path}: column {name!r} has {column.null_count} null values")
    shape = [len(column)]
    while pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type):
        shape.append(_width(path, name, column))
        column = column.flatten()
        if column.null_count:
            raise DatasetError(f"{path}: column {name!r} has {column.null_count} null values")
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        raise DatasetError(f"{path}: column {name!r} holds bytes, expected numbers or text")
    array: Array = column.to_numpy(zero_copy_only=False)
    text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return (array.astype(str) if text else array).reshape(shape)


def _width(path: Path, name: str, column: Any) -> int:
    import pyarrow.compute as pc

    widths = pc.min_max(pc.list_value_length(column)).as_py()
    if widths["min"] != widths["max"]:
        raise DatasetError(
            f"{path}: column {name!r} has rows of {widths['min']} to {widths['max']} "
            "values, expected one length"
        )
    return int(widths["min"] or 0)
