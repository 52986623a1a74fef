"""NumPy's .npy and .npz, read with positioned reads: nothing is unpickled, nothing mapped.

Mapped pages would count as the gate's memory, and a mapped file that is cut short kills the
process; a positioned read does neither.
"""

from __future__ import annotations

import math
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.datasets.base import (
    Array,
    missing_column,
    refuse_objects,
    same_length,
)
from harness.accuracy.errors import DatasetError

SUFFIXES = (".npz", ".npy")
_LOCAL_HEADER = struct.Struct("<26xHH")  # of a zip member: lengths of its name and extra field


class Column:
    """One array of a file, row by row."""

    def __init__(self, path: Path, name: str, file: IO[bytes], offset: int = 0) -> None:
        self._where, self._file = f"{path}: column {name!r}", file
        file.seek(offset)
        shape, fortran, self._dtype = self._header(path, name)
        self.rows, self._shape = shape[0], shape[1:]
        self._offset = file.tell()
        self._stride = self._dtype.itemsize * math.prod(self._shape)
        held = os.fstat(file.fileno()).st_size - self._offset
        if held < self.rows * self._stride:
            whole = held // self._stride
            raise DatasetError(
                f"{self._where}: the file is cut short: {self.rows} rows are announced, "
                f"{whole} are there"
            )
        self._whole = self._transposed(shape) if fortran and len(shape) > 1 else None

    def read(self, start: int, stop: int) -> Array:
        """Rows `start` to before `stop`, shape (stop - start, ...)."""
        if self._whole is not None:
            return self._whole[start:stop]
        return self._decoded(self._bytes(start, stop - start), stop - start)

    def take(self, rows: NDArray[np.int64]) -> Array:
        """Rows by number."""
        if self._whole is not None:
            return self._whole[rows]
        return self._decoded(b"".join(self._bytes(int(row), 1) for row in rows), len(rows))

    def _header(self, path: Path, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        try:
            version = np.lib.format.read_magic(self._file)
            shape, fortran, dtype = read[version](self._file)
        except KeyError:
            raise DatasetError(f"{self._where}: .npy version {version}, expected 1 or 2") from None
        except (ValueError, EOFError) as problem:
            raise DatasetError(f"{self._where}: not a NumPy array: {problem}") from None
        refuse_objects(path, name, dtype)
        if not shape:
            raise DatasetError(f"{self._where}: is a single value, expected one row after another")
        return shape, fortran, dtype

    def _transposed(self, shape: tuple[int, ...]) -> Array:
        """An array in column order has no rows to read one by one: it is held in memory."""
        flat = np.frombuffer(self._bytes(0, self.rows), self._dtype)
        return np.ascontiguousarray(flat.reshape(shape[::-1]).T)

    def _decoded(self, data: bytes, rows: int) -> Array:
        return np.frombuffer(data, self._dtype).reshape(rows, *self._shape)

    def _bytes(self, start: int, rows: int) -> bytes:
        wanted = rows * self._stride
        data = os.pread(self._file.fileno(), wanted, self._offset + start * self._stride)
        while data and len(data) < wanted:  # one read gives 2 GiB at most
            position = self._offset + start * self._stride + len(data)
            more = os.pread(self._file.fileno(), wanted - len(data), position)
            if not more:
                break
            data += more
        if len(data) < wanted:
            raise DatasetError(f"{self._where}: the file was cut short while it was read")
        return data


class Arrays:
    """Columns that are arrays of one .npz, or .npy files beside each other."""

    def __init__(self, columns: dict[str, Column], rows: int, opened: ExitStack) -> None:
        self.rows = rows
        self._columns, self._opened = columns, opened

    def read(self, start: int, stop: int) -> dict[str, Array]:
        """Rows `start` to before `stop` of every column."""
        return {name: column.read(start, stop) for name, column in self._columns.items()}

    def take(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Rows by number of every column."""
        return {name: column.take(rows) for name, column in self._columns.items()}

    def close(self) -> None:
        """Close every file."""
        self._opened.close()


def open_columns(path: Path, names: Sequence[str]) -> Arrays:
    """The arrays `names` of a .npz.

    Of a .npy the first name is the file itself, and every other is the .npy of that name beside it.
    Raises DatasetError.
    """
    try:
        with ExitStack() as opened:
            if path.suffix == ".npy":
                columns = {name: _beside(path, name, name == names[0], opened) for name in names}
            else:
                archive = opened.enter_context(zipfile.ZipFile(path))
                columns = {name: _member(path, archive, name, opened) for name in names}
            rows = same_length(path, {name: column.rows for name, column in columns.items()})
            return Arrays(columns, rows, opened.pop_all())
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as problem:
        raise DatasetError(
            f"{path}: cannot be read whole ({problem}); was it cut short while it was copied?"
        ) from None


def _beside(path: Path, name: str, is_input: bool, opened: ExitStack) -> Column:
    file = path if is_input else path.with_name(f"{name}.npy")
    if not file.is_file():
        raise missing_column(path.parent, name, [found.stem for found in path.parent.glob("*.npy")])
    return Column(file, name, opened.enter_context(file.open("rb")))


def _member(path: Path, archive: zipfile.ZipFile, name: str, opened: ExitStack) -> Column:
    """An array of the archive: read in place where it is stored, unpacked aside where deflated."""
    known = [entry.removesuffix(".npy") for entry in archive.namelist()]
    if name not in known:
        raise missing_column(path, name, known)
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type == zipfile.ZIP_STORED:
        file = opened.enter_context(path.open("rb"))
        file.seek(info.header_offset)
        lengths = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        return Column(path, name, file, info.header_offset + _LOCAL_HEADER.size + sum(lengths))
    spool = opened.enter_context(tempfile.TemporaryFile())
    with archive.open(info) as packed:
        copyfileobj(packed, spool, 1 << 20)
    spool.flush()
    return Column(path, name, spool)
