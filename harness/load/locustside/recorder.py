"""The exact record: one fixed row a request, on disk as the run goes."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from harness.load.locustside import layout
from harness.load.locustside.http import Head

_MOST_ANSWER_BYTES = 16 * 1024 * 1024
_EIGHTHS = 8  # after each of them, of what still differs only a quarter as much is kept
_MOST_FAILURES = 50
_MOST_WAITING = 1024 * 1024  # bytes of rows that wait for being written


_pack = layout.ROW.pack


class Recorder:
    """Writes rows, events and distinct answers into a folder.

    What cannot be written is not raised into the users' greenlets, where Locust would swallow
    it: `problem` says what went wrong, and the run ends on it.
    """

    def __init__(self, folder: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._rows = os.open(folder / layout.RECORDS, flags, 0o600)
        self._events = os.open(folder / layout.EVENTS, flags, 0o600)
        self._answers = os.open(folder / layout.ANSWERS, flags, 0o600)
        self._buffer = bytearray()
        self.phase: int | None = None  # the one that runs; outside of one nothing is recorded
        self.problem = ""
        self._names: dict[str, int] = {}
        self._kept: dict[tuple[int, str, bytes], int] = {}
        self._kept_bytes = 0
        self._new = 0  # answers that differ from all that are kept
        self._failures: dict[tuple[str, int, str], int] = {}

    def add(
        self,
        planned: float,
        sent: float,
        service: float,
        status: int,
        name: int,
        flags: int,
        answer: int = layout.NO_ANSWER,
    ) -> None:
        """One request; times in seconds, `planned` and `sent` of `time.monotonic()`."""
        phase = self.phase
        if phase is None:
            return
        self._buffer += _pack(planned, sent, service, status, name, answer, flags, phase)
        if len(self._buffer) > _MOST_WAITING:
            self.flush()

    def name(self, text: str) -> int:
        """The number that stands for a name of requests."""
        number = self._names.get(text)
        if number is None:
            if len(self._names) >= layout.MOST_NAMES and text != layout.OTHER_NAME:
                return self.name(layout.OTHER_NAME)
            number = self._names[text] = len(self._names)
            self.event("name", id=number, name=text)
        return number

    def answer(self, request: int, head: Head, body: bytes) -> int:
        """The number of a distinct answer to one of the requests; each is kept once.

        Where all of them differ, ever fewer are kept: a sample of the whole run, in bounded space.
        """
        key = (request, head.kind, body)
        number = self._kept.get(key)
        if number is not None:
            return number
        self._new += 1
        step = 4 ** (_EIGHTHS * self._kept_bytes // _MOST_ANSWER_BYTES)
        if self._new % step or self._kept_bytes + len(body) > _MOST_ANSWER_BYTES:
            return layout.DROPPED_ANSWER
        self._kept_bytes += len(body) + 200
        number = self._kept[key] = len(self._kept) + 1
        text = base64.b64encode(body).decode("ascii")
        line = {"id": number, "request": request, "status": head.status, "headers": head.headers}
        self._write(self._answers, json.dumps({**line, "body": text}).encode() + b"\n")
        return number

    def failure(self, name: str, status: int, reason: str) -> None:
        """Count one failed request under its cause."""
        key = (name, status, reason[:200])
        if key in self._failures or len(self._failures) < _MOST_FAILURES:
            self._failures[key] = self._failures.get(key, 0) + 1

    def exhausted(self, what: str) -> None:
        """Requests fail here, not at the server: what they would show is not of the server."""
        if not self.problem:
            hint = "lower load.users or the rate, or raise the limits of this machine (ulimit -n)"
            self.event("error", message=f"this machine has run out of something: {what}; {hint}")
            self.problem = what

    def failures(self) -> None:
        """Write down what was counted in this phase, and begin anew."""
        kinds = [[*key, count] for key, count in self._failures.items()]
        self._failures.clear()
        self.event("failures", phase=self.phase, kinds=kinds)

    def event(self, event: str, **data: Any) -> None:
        """One line that the gate reads while the run goes on."""
        self._write(self._events, json.dumps({"event": event, **data}).encode() + b"\n")

    def flush(self) -> None:
        """Put the rows on disk."""
        whole, self._buffer = bytes(self._buffer), bytearray()
        self._write(self._rows, whole)

    def _write(self, descriptor: int, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                written = os.write(descriptor, view)
                view = view[written:]
        except OSError as problem:
            self.problem = self.problem or f"the record cannot be written: {problem}"
