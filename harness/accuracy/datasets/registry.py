"""Which module reads which file: by suffix, and a folder by what lies in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

from harness.accuracy.datasets.base import Array, Columns
from harness.accuracy.datasets.folder import Folder
from harness.accuracy.extensions import by_suffix
from harness.errors import ConfigError

GROUP = "releasegate.datasets"
_MOST_PARTS = 64  # of a folder that are kept open; of more, the rows are copied together


def check_path(path: Path) -> None:
    """Raise ConfigError where no format reads `path`; opens nothing."""
    _format_of(_parts(path)[0])


def files_of(path: Path, names: Sequence[str]) -> list[Path]:
    """Every file that holds some of the columns `names`. Raises ConfigError, DatasetError."""
    parts = _parts(path)
    reader = _format_of(parts[0])
    if parts[0].suffix == ".npy":
        files: list[Path] = reader.files_of(path, names)
        return files
    return parts


def in_place(path: Path, names: Sequence[str]) -> Columns | None:
    """The columns `names` where they lie, or None where their rows have to be copied first.

    Raises DatasetError.
    """
    parts = _parts(path)
    reader = _format_of(parts[0])
    beside = parts[0].suffix == ".npy"
    if not hasattr(reader, "in_place") or (len(parts) > _MOST_PARTS and not beside):
        return None
    if parts == [path] or beside:
        columns: Columns | None = reader.in_place(path, names)
        return columns
    with ExitStack() as opened:
        found: list[Columns] = []
        for part in parts:
            one = reader.in_place(part, names)
            if one is None:
                return None
            found.append(one)
            opened.callback(one.close)
        opened.pop_all()
    return Folder(path, found)


def chunks(path: Path, names: Sequence[str]) -> Iterator[dict[str, Array]]:
    """The columns `names`, piece by piece; the files of a folder in the order of their names."""
    parts = _parts(path)
    reader = _format_of(parts[0])
    for part in [path] if parts[0].suffix == ".npy" else parts:
        yield from reader.chunks(part, names)


def _format_of(path: Path) -> ModuleType:
    return by_suffix(GROUP, "harness.accuracy.datasets", path)


def _parts(path: Path) -> list[Path]:
    """The file itself, or the data files of a folder, which must be of one format."""
    if not path.is_dir():
        return [path]
    files = sorted(f for f in path.iterdir() if f.is_file() and not f.name.startswith((".", "_")))
    if not files:
        raise ConfigError(f"{path}: the folder is empty, expected data files such as part-0.npz")
    suffixes = sorted({file.suffix for file in files})
    if len(suffixes) > 1:
        raise ConfigError(
            f"{path}: holds files of several formats ({', '.join(suffixes)}), expected one"
        )
    return files
