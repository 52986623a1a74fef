"""Flat copies: each column one file of fixed-size rows, so that any row is one positioned read.

A copy is a folder named by the content that it was made of, written once under a lock and renamed
into its place when it is whole. Text lies as UTF-8 in one file, its ends in another.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.datasets.base import CHUNK, Array, refuse_objects, same_length
from harness.accuracy.datasets.digest import file_digest
from harness.accuracy.datasets.fixed import FixedRows
from harness.accuracy.datasets.texts import Texts
from harness.accuracy.errors import DatasetError

_LAYOUT = 1  # raise it when the files below change their form
_INDEX = "columns.json"
_KEPT = 8  # copies in one store; those that were not used for longest go first


class FlatStore:
    """A folder of flat copies, shared by all processes of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ensure(
        self,
        path: Path,
        digest: str,
        names: Sequence[str],
        chunks: Iterable[Mapping[str, Array]],
    ) -> Path:
        """Folder of the copy of the columns `names` of the data set `path`, made where needed.

        `digest` is that of its content, and `chunks`, read only then, are its rows. Raises
        DatasetError as `chunks` does, and where they do not fit each other.
        """
        key = hashlib.sha256(json.dumps([_LAYOUT, digest, *names]).encode()).hexdigest()[:32]
        place = self._folder / key
        self._folder.mkdir(parents=True, exist_ok=True)
        with _locked(self._folder / f"{key}.lock"):
            if not _whole(place):
                shutil.rmtree(place, ignore_errors=True)
                part = self._folder / f"{key}.part"
                shutil.rmtree(part, ignore_errors=True)  # of a gate that was killed
                part.mkdir()
                try:
                    _write(path, part, names, chunks)
                    part.rename(place)
                except BaseException:
                    shutil.rmtree(part, ignore_errors=True)
                    raise
            os.utime(place)
        self._prune()
        return place

    def _prune(self) -> None:
        copies = [path for path in self._folder.iterdir() if (path / _INDEX).is_file()]
        copies.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in copies[_KEPT:]:
            shutil.rmtree(path, ignore_errors=True)
            path.with_suffix(".lock").unlink(missing_ok=True)


class FlatColumns:
    """The columns of a copy."""

    def __init__(self, columns: Mapping[str, FixedRows | Texts], rows: int, files: ExitStack):
        self.rows = rows
        self._columns, self._files = columns, files

    def read(self, start: int, stop: int) -> dict[str, Array]:
        """Rows `start` to before `stop` of every column."""
        return {name: column.read(start, stop) for name, column in self._columns.items()}

    def take(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Rows by number of every column."""
        return {name: column.take(rows) for name, column in self._columns.items()}

    def close(self) -> None:
        """Close every file."""
        self._files.close()


def open_copy(folder: Path) -> FlatColumns:
    """The columns of a copy. Raises DatasetError where it is not there any more."""
    files = ExitStack()
    try:
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        columns = {
            column["name"]: _opened(folder, number, column, files)
            for number, column in enumerate(index["columns"])
        }
        return FlatColumns(columns, int(index["rows"]), files)
    except (OSError, ValueError, KeyError) as problem:
        files.close()
        raise DatasetError(
            f"{folder}: the copy of the data set is gone ({problem}); run the gate again"
        ) from None


def _opened(
    folder: Path, number: int, column: Mapping[str, Any], files: ExitStack
) -> FixedRows | Texts:
    where = f"{folder}: column {column['name']!r}"
    data = files.enter_context((folder / f"{number}.bin").open("rb"))
    if column["dtype"] != "text":
        return FixedRows(where, data, 0, np.dtype(column["dtype"]), tuple(column["shape"]))
    ends = files.enter_context((folder / f"{number}.ends").open("rb"))
    return Texts(where, data, FixedRows(where, ends, 0, np.dtype(np.int64), ()))


def _whole(place: Path) -> bool:
    """Whether the copy is there and none of its bytes has changed."""
    try:
        index = json.loads((place / _INDEX).read_text(encoding="utf-8"))
        held = {file.name: file_digest(file) for file in place.iterdir() if file.name != _INDEX}
    except (OSError, ValueError):
        return False
    return bool(index["files"] == held)


def _write(
    path: Path, folder: Path, names: Sequence[str], chunks: Iterable[Mapping[str, Array]]
) -> None:
    writers = {name: _Writer(path, folder / str(i), name) for i, name in enumerate(names)}
    with ExitStack() as opened:
        for writer in writers.values():
            opened.callback(writer.close)
        for chunk in chunks:
            same_length(path, {name: len(chunk[name]) for name in names})
            for name, writer in writers.items():
                writer.add(chunk[name])
    index = {
        "rows": next(iter(writers.values())).rows,
        "columns": [writer.description() for writer in writers.values()],
        "files": {file.name: file_digest(file) for file in sorted(folder.iterdir())},
    }
    (folder / _INDEX).write_text(json.dumps(index), encoding="utf-8")


class _Writer:
    """One column in the making; numbers become wider where a later piece needs it."""

    def __init__(self, source: Path, stem: Path, name: str) -> None:
        self.rows = 0
        self._source, self._name = source, name
        self._path, self._ends_path = stem.with_suffix(".bin"), stem.with_suffix(".ends")
        self._file = self._path.open("wb")
        self._ends: IO[bytes] | None = None
        self._dtype: np.dtype[Any] | None = None
        self._shape: tuple[int, ...] = ()
        self._bytes = 0  # of text so far

    def add(self, values: Array) -> None:
        """Some more rows. Raises DatasetError where they are of another shape or kind."""
        refuse_objects(self._source, self._name, values.dtype)
        if not len(values):
            return
        text = values.dtype.kind in "US"
        if self._dtype is None:
            self._dtype, self._shape = np.dtype(str) if text else values.dtype, values.shape[1:]
        self._refuse_change(values, text)
        if text:
            self._add_text(values)
        else:
            self._add_numbers(values)
        self.rows += len(values)

    def _refuse_change(self, values: Array, text: bool) -> None:
        assert self._dtype is not None
        if values.shape[1:] != self._shape:
            raise DatasetError(
                f"{self._source}: column {self._name!r} has rows of different shapes: "
                f"{self._shape}, and from row {self.rows} on {values.shape[1:]}"
            )
        if text != (self._dtype.kind == "U") or (text and values.ndim > 1):
            raise DatasetError(
                f"{self._source}: column {self._name!r} holds numbers in some rows and text in "
                f"others, or several texts a row, near row {self.rows}"
            )

    def _add_text(self, values: Array) -> None:
        if self._ends is None:
            self._ends = self._ends_path.open("wb")
        pieces = [str(value).encode() for value in values.astype(str).tolist()]
        ends = self._bytes + np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
        self._file.write(b"".join(pieces))
        self._ends.write(ends.tobytes())
        self._bytes = int(ends[-1])

    def _add_numbers(self, values: Array) -> None:
        assert self._dtype is not None
        common = np.result_type(self._dtype, values.dtype)
        if common != self._dtype:
            self._widen(common)
        self._file.write(np.ascontiguousarray(values, dtype=common).data.cast("B"))

    def _widen(self, dtype: np.dtype[Any]) -> None:
        """Write what was written again, in another datatype."""
        assert self._dtype is not None
        self._file.close()
        wider = self._path.with_suffix(".wider")
        with self._path.open("rb") as old, wider.open("wb") as new:
            while piece := old.read(CHUNK // self._dtype.itemsize * self._dtype.itemsize):
                new.write(np.frombuffer(piece, self._dtype).astype(dtype).data.cast("B"))
        wider.replace(self._path)
        self._file, self._dtype = self._path.open("ab"), dtype

    def close(self) -> None:
        self._file.close()
        if self._ends is not None:
            self._ends.close()

    def description(self) -> dict[str, Any]:
        dtype = np.dtype(np.float32) if self._dtype is None else self._dtype
        text = "text" if dtype.kind == "U" else dtype.str
        return {"name": self._name, "dtype": text, "shape": self._shape}


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
