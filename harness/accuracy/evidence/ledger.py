"""All rows whose answer changed, with both outputs, in a file beside the report."""

from __future__ import annotations

import importlib.util
import json
import math
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Any

from harness.accuracy.counting import Counts, Flip
from harness.files import writing_whole

JSON_LINES, PARQUET = "flips.jsonl", "flips.parquet"
MANY = 100_000  # rows from which Parquet is worth more than a file that anybody can read
_PORTION = 4_000  # rows of a Parquet row group: as Python's objects they take ten megabytes


class Ledger:
    """Writes the changed rows of one block after another; as a context.

    JSON Lines: a row of the data set, its label, both answers, and their scores (of more than 16
    classes the highest five, named in `..._classes`); `null` for a score that is not finite. Of
    more than 100,000 rows it becomes Parquet where pyarrow is installed. `path` is the file, None
    where nothing changed. The file is there once the block has ended well. Raises OSError.
    """

    def __init__(self, folder: Path, many: int = MANY) -> None:
        self.path: Path | None = None
        self._folder, self._many = folder, many
        self._rows = 0
        self._opened = ExitStack()
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Ledger:
        for name in (JSON_LINES, PARQUET):  # of an earlier run
            (self._folder / name).unlink(missing_ok=True)
        return self

    def __exit__(self, *problem: Any) -> None:
        self._opened.__exit__(*problem)
        if problem[0] is not None or not self._rows:
            return
        self.path = self._folder / JSON_LINES
        if self._rows > self._many and importlib.util.find_spec("pyarrow") is not None:
            self.path = _as_parquet(self.path, self._folder / PARQUET)

    def add(self, counts: Counts) -> None:
        """Write the changed rows of a block."""
        if not len(counts.flips):
            return
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = self._opened.enter_context(writing_whole(self._folder / JSON_LINES))
        lines = [json.dumps(_record(flip), allow_nan=False) for flip in counts.flips.records()]
        self._file.write("".join(f"{line}\n" for line in lines).encode())
        self._rows += len(lines)


def _record(flip: Flip) -> dict[str, Any]:
    named = flip.classes or ((), ())
    return {
        "row": flip.row,
        "label": flip.label,
        "reference": flip.reference,
        "candidate": flip.candidate,
        "harmful": flip.harmful,
        "margin": flip.margin,
        "reference_scores": [_finite(score) for score in flip.reference_scores],
        "candidate_scores": [_finite(score) for score in flip.candidate_scores],
        "reference_classes": list(named[0]),
        "candidate_classes": list(named[1]),
    }


def _finite(score: float) -> float | None:
    return score if math.isfinite(score) else None


def _as_parquet(lines: Path, path: Path) -> Path:
    """The same rows as Parquet, and the lines removed; a few at a time."""
    import pyarrow
    import pyarrow.parquet

    scores, classes = pyarrow.list_(pyarrow.float64()), pyarrow.list_(pyarrow.int32())
    schema = pyarrow.schema(
        [
            ("row", pyarrow.int64()),
            *((name, pyarrow.string()) for name in ("label", "reference", "candidate")),
            ("harmful", pyarrow.bool_()),
            ("margin", pyarrow.float64()),
            *((f"{side}_scores", scores) for side in ("reference", "candidate")),
            *((f"{side}_classes", classes) for side in ("reference", "candidate")),
        ]
    )
    with (
        lines.open("rb") as source,
        writing_whole(path) as target,
        pyarrow.parquet.ParquetWriter(target, schema) as writer,
    ):
        while portion := list(islice(source, _PORTION)):
            records = [json.loads(line) for line in portion]
            writer.write_table(pyarrow.Table.from_pylist(records, schema))
    lines.unlink()
    return path
