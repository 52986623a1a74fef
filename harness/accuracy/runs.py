"""What is remembered of each of the two models, beside the counts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness.accuracy.datasets import Batch
from harness.accuracy.errors import ModelError
from harness.accuracy.workers.frames import Array
from harness.accuracy.lanes import Lane
from harness.accuracy.predictions import Predictions


@dataclass(frozen=True, slots=True)
class ModelRun:
    """One of the two models, and how it fared."""

    name: str  # as in gate.toml
    runtime: str  # name and version of what ran it
    digest: str | None = None  # `sha256:...` of the file or folder; None for a served model
    bytes: int | None = None
    seconds: float = 0.0  # spent answering, summed over its portions
    not_finite: int = 0  # rows answered with NaN or infinity
    not_finite_row: int | None = None  # the first of them
    unanswered: int = 0  # rows without an answer
    unanswered_row: int | None = None
    problem: str = ""  # why the first unanswered row has none


class Side:
    """One model while it is run: its lane, and what was odd about its answers."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.classes = 0  # scores a row; 0 for a model that answers bare classes
        self._not_finite, self._unanswered = 0, 0
        self._first: dict[str, int | None] = {"finite": None, "answered": None}

    def note(self, batch: Batch, seen: Predictions) -> None:
        """Remember rows without a usable answer. Raises ModelError where the form changes."""
        width = seen.scores.shape[1]
        if width and self.classes and width != self.classes:
            raise ModelError(
                f"{self.lane.model.name}: answered {self.classes} scores a row, then {width}"
            )
        self.classes = self.classes or width
        answered = seen.known | ~seen.finite
        self._not_finite += self._noted("finite", batch, seen.finite)
        self._unanswered += self._noted("answered", batch, answered)

    def run(self, path: Path | None) -> ModelRun:
        """The record of it; `path` of its file, None where it has none."""
        model = self.lane.model
        digest, size = (None, None) if path is None else fingerprint(path)
        return ModelRun(
            name=model.name,
            runtime=model.runtime,
            digest=digest,
            bytes=size,
            seconds=model.seconds,
            not_finite=self._not_finite,
            not_finite_row=self._first["finite"],
            unanswered=self._unanswered,
            unanswered_row=self._first["answered"],
            problem=model.problem,
        )

    def _noted(self, what: str, batch: Batch, good: Array) -> int:
        bad = batch.ids[~good]
        if len(bad) and self._first[what] is None:
            self._first[what] = int(bad[0])
        return len(bad)


def fingerprint(path: Path) -> tuple[str, int]:
    """`sha256:...` over a file, or over names and contents of a folder, and the bytes hashed."""
    digest, size = hashlib.sha256(), 0
    files = sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]
    for file in files:
        if path.is_dir():
            digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
                size += len(piece)
    return f"sha256:{digest.hexdigest()}", size
