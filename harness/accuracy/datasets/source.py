"""A data set as a job names it: where it lies, what its bytes are, how its rows are reached.

Formats whose rows cannot be reached one by one (deflated or column-order arrays, Parquet, Arrow,
JSON Lines, TFRecord) are copied once into flat files, found again by content. That is the work of
a child process; whoever opens the source afterwards needs no reader of the format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.accuracy.datasets.dataset import Dataset
from harness.accuracy.datasets.digest import content_digest
from harness.accuracy.datasets.flat import FlatStore, open_copy
from harness.accuracy.datasets.registry import chunks, files_of, in_place
from harness.accuracy.datasets.roles import Roles
from harness.accuracy.errors import DatasetError
from harness.accuracy.workers import Child
from harness.accuracy.workers.main import Handler
from harness.accuracy.workers.stage import stage

_COPY_WITHIN = 6 * 3600.0  # seconds; a hundred gibibytes from a slow disk
_TASK = __name__
_prepared: dict[Any, Source] = {}  # several checks of one run ask for the same rows


@dataclass(frozen=True, slots=True)
class Source:
    """A data set that is ready to be read; travels to children as JSON."""

    path: str
    roles: Roles
    digest: str  # `sha256:...` of names and bytes of its files
    rows: int
    copy: str = ""  # folder of the flat copy; "" where rows are read in place

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of(fields: Mapping[str, Any]) -> Source:
        """Back from JSON."""
        return Source(**{**fields, "roles": Roles.from_fields(fields["roles"])})

    def open(self) -> Dataset:
        """Its rows, on the machine that prepared it. Raises DatasetError."""
        path = Path(self.path)
        columns = open_copy(Path(self.copy)) if self.copy else in_place(path, self.roles.names)
        if columns is None or columns.rows != self.rows:
            if columns is not None:
                columns.close()
            raise DatasetError(f"{path}: has changed since the evaluation began")
        return Dataset(path, columns, self.roles)


def prepare(path: Path, roles: Roles, store: Path) -> Source:
    """Make the data set at `path` ready, in a child process; copies go to the folder `store`.

    Raises ConfigError for an unknown format, DatasetError for a file that cannot be read, a
    column that is not there, columns of different length, or no rows at all, and WorkerDied.
    """
    files = files_of(path, roles.names)  # an unknown format is told before anything is started
    fields = {"path": str(path), "roles": roles.fields(), "store": str(store)}
    key = (json.dumps(fields, sort_keys=True), *(_state(file) for file in files))
    if key not in _prepared:
        with Child(_TASK, {}, about=f"data set {path}") as child:
            child.start(_COPY_WITHIN)
            found, _ = child.ask(fields, {}, _COPY_WITHIN)
        _prepared[key] = Source.of(found)
    return _prepared[key]


def _state(file: Path) -> tuple[str, int, int, int]:
    """What changes when a file is written while the gate runs."""
    try:
        found = file.stat()
    except OSError as problem:
        raise DatasetError(f"{file}: {problem.strerror}") from None
    return str(file), found.st_ino, found.st_size, found.st_mtime_ns


def serve(_: Mapping[str, Any]) -> Handler:
    """The child's side."""

    def handle(asked: dict[str, Any], _: object) -> Any:
        roles = Roles.from_fields(asked["roles"])
        return ready(Path(asked["path"]), roles, Path(asked["store"])).fields(), {}

    return handle


def ready(path: Path, roles: Roles, store: Path) -> Source:
    """What `prepare` does, in this process."""
    stage(f"data set {path}")
    try:
        digest = content_digest(path, files_of(path, roles.names))
        columns, copy = in_place(path, roles.names), ""
        if columns is None:
            rows = chunks(path, roles.names)
            kept = FlatStore(store).ensure(path, digest, roles.names, rows)
            columns, copy = open_copy(kept), str(kept)
    except OSError as problem:  # not there, not readable, or no room for the copy
        raise DatasetError(f"{path}: {problem}") from None
    columns.close()
    if columns.rows == 0:
        raise DatasetError(f"{path}: has no rows; an evaluation needs at least one")
    return Source(str(path), roles, digest, columns.rows, copy)
