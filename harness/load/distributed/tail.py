"""What a session writes down, read on and on: the slices of the record that travel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.load.locustside import layout

_MOST = 4 * 1024 * 1024  # bytes of rows in one slice


class Tail:
    """A growing file, read on from where the last reading ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def lines(self) -> list[dict[str, Any]]:
        """The whole JSON lines that came since."""
        data = self._new(-1)
        whole = data.rfind(b"\n") + 1
        self._offset += whole
        return [json.loads(line) for line in data[:whole].splitlines()]

    def rows(self, most: int) -> bytes:
        """Whole rows that came since, at most so many bytes of them."""
        data = self._new(most)
        whole = len(data) - len(data) % layout.ROW.size
        self._offset += whole
        return data[:whole]

    def _new(self, most: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                return file.read(most)
        except FileNotFoundError:
            return b""


class Slices:
    """Reports on one folder. Put together in their order, they are all that is written there."""

    def __init__(self, folder: Path, most: int = _MOST) -> None:
        self._most = most
        self._events = Tail(folder / layout.EVENTS)
        self._answers = Tail(folder / layout.ANSWERS)
        self._rows = Tail(folder / layout.RECORDS)
        self._held: list[dict[str, Any]] = []
        self._reports = 0

    def say(self, event: str, **data: Any) -> None:
        """An event of our own, in the next report."""
        self._held.append({"event": event, **data})

    def next(self) -> dict[str, Any]:
        """`n` (its number), `events`, `answers` (JSON lines), `rows` (bytes of whole rows).

        What a row refers to is in its own report or in an earlier one, and the end of a phase is
        in no earlier report than its last row.
        """
        events = self._held + self._events.lines()  # before the rows, which may go on growing
        answers, rows = self._answers.lines(), self._rows.rows(self._most)
        full = len(rows) + layout.ROW.size > self._most
        ends = [index for index, event in enumerate(events) if full and event["event"] == "end"]
        at = ends[0] if ends else len(events)
        self._held = events[at:]
        number = self._reports
        self._reports += 1
        return {"n": number, "events": events[:at], "answers": answers, "rows": rows}
