"""JSON Lines: one object a line, whose keys are the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.datasets.base import KINDS, Array, missing_column
from harness.accuracy.errors import DatasetError

SUFFIXES = (".jsonl", ".ndjson")
_ROWS = 1024  # of one piece
_LINE = 64 << 20  # bytes: a longer line is no row

Line = tuple[int, dict[str, Any]]  # its number in the file, and its object


def chunks(path: Path, names: Sequence[str]) -> Iterator[dict[str, Array]]:
    """The keys `names`, some lines at a time; blank lines count as nothing.

    Raises DatasetError with file and line.
    """
    lines = _objects(path)
    while piece := list(islice(lines, _ROWS)):
        yield {name: _column(path, name, piece) for name in names}


def _objects(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LINE):
            number += 1
            if not line.isspace():
                yield number, _object(f"{path}:{number}", line)


def _object(where: str, line: bytes) -> dict[str, Any]:
    if len(line) == _LINE:
        raise DatasetError(f"{where}: a line of more than {_LINE} bytes, expected one row a line")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as problem:
        cut = "" if line.endswith(b"\n") else "; was the file cut short while it was copied?"
        raise DatasetError(f"{where}: not a line of JSON: {problem}{cut}") from None
    if not isinstance(value, dict):
        raise DatasetError(f"{where}: is a JSON {type(value).__name__}, expected an object")
    return value


def _column(path: Path, name: str, lines: Sequence[Line]) -> Array:
    for number, found in lines:
        if found.get(name) is None:
            known = [key for key in found if found[key] is not None]
            raise missing_column(f"{path}:{number}", name, known)
    try:
        column = np.asarray([found[name] for _, found in lines])
    except (ValueError, OverflowError):
        column = np.empty(0, dtype=object)
    mixed = column.dtype.kind in "US" and any(
        isinstance(found[name], (int, float)) for _, found in lines
    )
    if column.dtype.kind not in KINDS or mixed:
        raise DatasetError(
            f"{path}:{lines[0][0]}: the rows of {name!r} from here on are not numbers or text "
            "of one shape"
        )
    return column
