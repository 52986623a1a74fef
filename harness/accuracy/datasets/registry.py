"""Which module reads which file: by suffix, and a folder by what lies in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

from harness.accuracy.datasets.base import Columns, Dataset
from harness.accuracy.datasets.folder import Folder
from harness.accuracy.errors import DatasetError
from harness.accuracy.extensions import by_suffix
from harness.errors import ConfigError

GROUP = "releasegate.datasets"


def check_path(path: Path) -> None:
    """Raise ConfigError where no format reads `path`; opens nothing."""
    if path.is_dir():
        _format_of(_files(path)[0])
    else:
        _format_of(path)


def open_dataset(path: Path, inputs: str, labels: str, slices: Sequence[str] = ()) -> Dataset:
    """Open the columns `inputs`, `labels` and `slices` of a file or a folder of files.

    The files of a folder are read one after another, in the order of their names; a folder of
    .npy files is one set whose columns are the files.

    Raises ConfigError for an unknown format, DatasetError for a file that cannot be read, a
    column that is not there, columns of different length, or no rows at all.
    """
    names = tuple(dict.fromkeys([inputs, labels, *slices]))
    columns = _columns(path, names)
    if columns.rows == 0:
        columns.close()
        raise DatasetError(f"{path}: has no rows; an evaluation needs at least one")
    return Dataset(path, columns, inputs, labels, slices)


def _columns(path: Path, names: tuple[str, ...]) -> Columns:
    files = _files(path) if path.is_dir() else [path]
    reader = _format_of(files[0])
    if not path.is_dir():
        columns: Columns = reader.open_columns(path, names)
        return columns
    if files[0].suffix == ".npy":
        columns = reader.open_columns(path / f"{names[0]}.npy", names)
        return columns
    with ExitStack() as opened:
        parts: list[Columns] = []
        for file in files:
            parts.append(reader.open_columns(file, names))
            opened.callback(parts[-1].close)
        opened.pop_all()
    return Folder(path, parts)


def _format_of(path: Path) -> ModuleType:
    return by_suffix(GROUP, "harness.accuracy.datasets", path)


def _files(folder: Path) -> list[Path]:
    """The data files of a folder, which must be of one format."""
    files = sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith((".", "_")))
    if not files:
        raise ConfigError(f"{folder}: the folder is empty, expected data files such as part-0.npz")
    suffixes = sorted({file.suffix for file in files})
    if len(suffixes) > 1:
        raise ConfigError(
            f"{folder}: holds files of several formats ({', '.join(suffixes)}), expected one"
        )
    return files
