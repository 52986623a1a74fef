"""NumPy's .npy and .npz: read where they lie, or streamed out of the archive; never unpickled."""

from __future__ import annotations

import math
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.datasets.base import (
    CHUNK,
    Array,
    missing_column,
    refuse_objects,
    same_length,
)
from harness.accuracy.datasets.fixed import FixedRows
from harness.accuracy.errors import DatasetError

SUFFIXES = (".npz", ".npy")
_LOCAL_HEADER = struct.Struct("<26xHH")  # of a zip member: lengths of its name and extra field
_HEADERS: Mapping[tuple[int, int], Callable[[Any], tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class Member:
    """One array: its header, read, and the place where its rows begin.

    `seekable` says whether `file` can be read at any place.
    """

    def __init__(self, path: Path, name: str, file: IO[bytes], seekable: bool) -> None:
        self.file, self.seekable = file, seekable
        self.where = f"{path}: column {name!r}"
        shape, self.fortran, self.dtype = self._header()
        refuse_objects(path, name, self.dtype)
        if not shape:
            raise DatasetError(f"{self.where}: is a single value, expected one row after another")
        self.rows, self.shape = shape[0], shape[1:]
        self.stride = self.dtype.itemsize * math.prod(self.shape)
        # Of one number a row, both orders are the same.
        self.fortran = self.fortran and math.prod(self.shape) > 1
        self.offset = file.tell() if seekable else 0
        if seekable:
            self._refuse_cut(os.fstat(file.fileno()).st_size - self.offset)

    def fixed(self) -> FixedRows:
        """Its rows by position; for arrays in row order."""
        return FixedRows(self.where, self.file, self.offset, self.dtype, self.shape)

    def read(self, start: int, stop: int) -> Array:
        """Rows `start` to before `stop`, which follow those read before."""
        if self.fortran:
            return self._across(start, stop)
        wanted = (stop - start) * self.stride
        data = self.file.read(wanted)
        if len(data) < wanted:
            self._refuse_cut(start * self.stride + len(data))
        return np.frombuffer(data, self.dtype).reshape(stop - start, *self.shape)

    def _across(self, start: int, stop: int) -> Array:
        """Rows of an array in column order, one piece of each of its columns."""
        size, rows = self.dtype.itemsize, stop - start
        pieces = []
        for column in range(math.prod(self.shape)):
            place = self.offset + (column * self.rows + start) * size
            pieces.append(os.pread(self.file.fileno(), rows * size, place))
        flat = np.frombuffer(b"".join(pieces), self.dtype)
        return np.ascontiguousarray(flat.reshape(*self.shape[::-1], rows).T)

    def _header(self) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
        try:
            version = np.lib.format.read_magic(self.file)
            return _HEADERS[version](self.file)
        except KeyError:
            raise DatasetError(f"{self.where}: .npy version {version}, expected 1 or 2") from None
        except (ValueError, EOFError) as problem:
            raise DatasetError(f"{self.where}: not a NumPy array: {problem}") from None

    def _refuse_cut(self, held: int) -> None:
        if held < self.rows * self.stride:
            raise DatasetError(
                f"{self.where}: the file is cut short: {self.rows} rows are announced, "
                f"{held // self.stride} are there"
            )


class Arrays:
    """Columns whose rows are read by position."""

    def __init__(self, columns: Mapping[str, FixedRows], rows: int, opened: ExitStack) -> None:
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


def in_place(path: Path, names: Sequence[str]) -> Arrays | None:
    """The arrays `names`, or None where one is deflated or lies in column order.

    Of a .npy the first name is the file itself, and every other is the .npy of that name beside
    it; a folder of .npy files is one set whose columns are the files. Raises DatasetError.
    """
    with ExitStack() as opened:
        members = _members(path, names, opened)
        if any(member.fortran or not member.seekable for member in members.values()):
            return None
        columns = {name: member.fixed() for name, member in members.items()}
        return Arrays(columns, _rows(path, members), opened.pop_all())


def chunks(path: Path, names: Sequence[str]) -> Iterator[dict[str, Array]]:
    """The arrays `names`, some rows at a time. Raises DatasetError."""
    with ExitStack() as opened, _explained(path):
        members = _members(path, names, opened)
        for member in members.values():
            if member.fortran and not member.seekable:
                _spool(member, opened)
        rows = _rows(path, members)
        step = max(1, CHUNK // max(1, *(member.stride for member in members.values())))
        for start in range(0, rows, step):
            stop = min(start + step, rows)
            yield {name: member.read(start, stop) for name, member in members.items()}


def files_of(path: Path, names: Sequence[str]) -> list[Path]:
    """The archive, or the .npy files of the columns `names`. Raises DatasetError."""
    first = path / f"{names[0]}.npy" if path.is_dir() else path
    if first.suffix != ".npy":
        return [path]
    known = [found.stem for found in first.parent.glob("*.npy")]
    files = [first, *(first.with_name(f"{name}.npy") for name in names[1:])]
    for name, file in zip(names, files, strict=True):
        if not file.is_file():
            raise missing_column(first.parent, name, known)
    return files


def _members(path: Path, names: Sequence[str], opened: ExitStack) -> dict[str, Member]:
    with _explained(path):
        files = files_of(path, names)
        if files[0].suffix == ".npy":
            return {
                name: Member(file, name, opened.enter_context(file.open("rb")), seekable=True)
                for name, file in zip(names, files, strict=True)
            }
        archive = opened.enter_context(zipfile.ZipFile(path))
        return {name: _member(path, archive, name, opened) for name in names}


def _member(path: Path, archive: zipfile.ZipFile, name: str, opened: ExitStack) -> Member:
    known = [entry.removesuffix(".npy") for entry in archive.namelist()]
    if name not in known:
        raise missing_column(path, name, known)
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type != zipfile.ZIP_STORED:
        return Member(path, name, opened.enter_context(archive.open(info)), seekable=False)
    file = opened.enter_context(path.open("rb"))
    file.seek(info.header_offset)
    lengths = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    file.seek(info.header_offset + _LOCAL_HEADER.size + sum(lengths))
    return Member(path, name, file, seekable=True)


def _spool(member: Member, opened: ExitStack) -> None:
    """Unpack an array in column order, whose rows lie all over it."""
    spool = opened.enter_context(tempfile.TemporaryFile())
    copyfileobj(member.file, spool, CHUNK)
    spool.flush()
    member.file, member.offset, member.seekable = spool, 0, True


def _rows(path: Path, members: Mapping[str, Member]) -> int:
    return same_length(path, {name: member.rows for name, member in members.items()})


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error) as problem:
        raise DatasetError(
            f"{path}: cannot be read whole ({problem}); was it cut short while it was copied?"
        ) from None
