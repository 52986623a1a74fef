"""TFRecord files of tf.train.Example, where tensorflow is installed; only ever in a child."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.datasets.base import Array, missing_column
from harness.accuracy.errors import DatasetError

SUFFIXES = (".tfrecord", ".tfrecords")
_ROWS = 1024  # of one piece
_GZIP = b"\x1f\x8b"
_FRAME = 16  # bytes around a record: its length and two check sums
_DTYPES = {"int64_list": np.int64, "float_list": np.float32}

Feature = tuple[str, Sequence[Any]]  # kind, as tf.train.Feature calls it, and values


def chunks(path: Path, names: Sequence[str]) -> Iterator[dict[str, Array]]:
    """The features `names`, some records at a time; of gzip files as well.

    A feature of one value is one number or text a row, of several a vector. Raises DatasetError,
    also where tensorflow is not installed.
    """
    records, first = _records(path), 0
    while piece := list(islice(records, _ROWS)):
        yield {name: column_of(path, name, piece, first) for name in names}
        first += len(piece)


def column_of(path: Path, name: str, rows: Sequence[Mapping[str, Feature]], first: int) -> Array:
    """One feature of some records, of which the first has that number. Raises DatasetError."""
    values = []
    for number, row in enumerate(rows, first):
        if name not in row:
            raise missing_column(f"{path}: record {number}", name, list(row))
        kind, found = row[name]
        text = kind == "bytes_list"
        values.append([_text(path, name, number, v) for v in found] if text else list(found))
    kinds, widths = {row[name][0] for row in rows}, {len(value) for value in values}
    if len(kinds) > 1 or len(widths) > 1:
        odd = " and ".join(sorted(kinds)) if len(kinds) > 1 else ""
        shown = f"holds {odd}" if odd else f"has {min(widths)} to {max(widths)} values"
        raise DatasetError(
            f"{path}: feature {name!r} {shown} in the records from {first} on, expected one form"
        )
    column = np.asarray(values, _DTYPES.get(kinds.pop(), np.str_))
    return column[:, 0] if widths == {1} else column


def _records(path: Path) -> Iterator[dict[str, Feature]]:
    tensorflow = _tensorflow(path)
    with path.open("rb") as file:
        packed = "GZIP" if file.read(len(_GZIP)) == _GZIP else ""
    read = tensorflow.data.TFRecordDataset(str(path), compression_type=packed)
    seen = 0
    try:
        for number, record in enumerate(read.as_numpy_iterator()):
            seen += len(record) + _FRAME
            try:
                found = tensorflow.train.Example.FromString(record).features.feature
            except Exception as problem:  # protobuf's DecodeError, wherever its release keeps it
                raise DatasetError(
                    f"{path}: record {number} is no tf.train.Example: {problem}"
                ) from None
            kinds = {name: found[name].WhichOneof("kind") for name in found}
            yield {name: (k, getattr(found[name], k).value) for name, k in kinds.items() if k}
    except tensorflow.errors.OpError as problem:
        said = problem.message.rpartition("}} ")[2].partition(" [Op:")[0]
        raise _cut(path, said) from None
    # Of a frame that breaks off in its length, tensorflow says nothing.
    size = path.stat().st_size
    if not packed and seen != size:
        raise _cut(path, f"its records end at byte {seen} of {size}")


def _cut(path: Path, said: str) -> DatasetError:
    return DatasetError(
        f"{path}: not a whole TFRecord file: {said}; was it cut short while it was copied?"
    )


def _text(path: Path, name: str, number: int, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise DatasetError(
            f"{path}: feature {name!r} of record {number} holds bytes that are no UTF-8 text; "
            "store decoded numbers, not images or serialized tensors"
        ) from None


def _tensorflow(path: Path) -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    try:
        import tensorflow
    except ImportError as problem:
        raise DatasetError(
            f"{path}: reading TFRecord needs tensorflow ({problem}); "
            "pip install 'releasegate[tensorflow]'"
        ) from None
    return tensorflow
