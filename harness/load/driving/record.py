"""Reading what Locust's process wrote, also while it still writes."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROW = np.dtype(
    [
        ("planned", "<f8"),  # seconds of time.monotonic()
        ("sent", "<f8"),
        ("service", "<f4"),  # seconds from `sent` to the end of the answer
        ("status", "<i2"),  # HTTP, 0 without an answer
        ("name", "<u2"),
        ("answer", "<u4"),
        ("flags", "<u2"),
        ("phase", "<u2"),
    ]
)
Rows = NDArray[np.void]


def read_rows(path: Path, first: int = 0) -> Rows:
    """The whole rows of a record from row `first` on, shape (n,); a torn last one is left out.

    Mapped, not read: a run of hours has hundreds of megabytes of them. A record that does not
    exist yet has no rows.
    """
    try:
        count = path.stat().st_size // ROW.itemsize - first
    except FileNotFoundError:
        count = 0
    if count <= 0:
        return np.zeros(0, dtype=ROW)
    offset = first * ROW.itemsize
    return np.memmap(path, dtype=ROW, mode="r", offset=offset, shape=(count,))


class Lines:
    """A growing file of JSON lines, read on from where the last reading ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def new(self) -> list[dict[str, Any]]:
        """The whole lines that came since; a torn last one waits for its rest."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data.rfind(b"\n") + 1
        self._offset += whole
        return [json.loads(line) for line in data[:whole].splitlines()]


@dataclass(frozen=True, slots=True)
class Kept:
    """One distinct answer of the run."""

    id: int  # as in the rows
    request: int  # index in the corpus
    status: int
    headers: dict[str, str]
    body: bytes


def read_answers(lines: Lines) -> list[Kept]:
    """The distinct answers that came since, in the order in which they first came."""
    return [
        Kept(
            line["id"],
            line["request"],
            line["status"],
            line["headers"],
            base64.b64decode(line["body"]),
        )
        for line in lines.new()
    ]


def has(rows: Rows, flag: int) -> NDArray[np.bool_]:
    """Which rows carry a flag of `layout`."""
    found: NDArray[np.bool_] = (rows["flags"] & flag) != 0
    return found
