"""The contract's own requests, ready to be sent in turn, and what is known of their answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.load.locustside import layout
from harness.load.locustside.http import Broken, Head, encode
from harness.load.locustside.recorder import Recorder

_MOST_READY = 20_000  # requests; of a longer file each is made when its turn comes


class Request:
    """One request to one server, and the last right answer to it."""

    __slots__ = ("body", "data", "expected", "head", "index", "kind", "label", "name", "number")

    def __init__(self, index: int, line: bytes, netloc: str, recorder: Recorder) -> None:
        item = json.loads(line)
        self.index = index  # in the corpus
        body = base64.b64decode(item["body"])
        self.data = encode(item["method"], item["path"], netloc, item["headers"], body)
        self.head = item["method"] == "HEAD"
        self.expected: int | None = item.get("status")  # recorded with it, else 200 with a body
        self.label = item["name"]
        self.name = recorder.name(self.label)
        self.body: bytes | None = None
        self.kind = ""
        self.number = layout.NO_ANSWER  # of that answer


class Turns:
    """Whose turn it is among the requests to one server."""

    __slots__ = ("_count", "_make", "_ready", "at", "step")

    def __init__(self, count: int, make: Callable[[int], Request]) -> None:
        self._count = count
        self._make = make
        self._ready = [make(index) for index in range(count)] if count <= _MOST_READY else None
        self.at = 0  # index of the next one
        self.step = 1  # more where others send those in between

    def next(self) -> Request:
        """The request whose turn it is."""
        at = self.at
        request = self._make(at) if self._ready is None else self._ready[at]
        self.at = (at + self.step) % self._count
        return request


class Corpus:
    """All requests, in the order in which they are sent; the file is written by the gate."""

    def __init__(self, path: Path, recorder: Recorder) -> None:
        self._recorder = recorder
        with path.open("rb") as file:
            self._lines = [line for line in file if line.strip()]
        self._turns: dict[tuple[str, bool], Turns] = {}

    def turns(self, netloc: str, phase: Mapping[str, Any]) -> Turns:
        """The requests to one server, as a phase has them: all in turn, or always the same one.

        The turn goes on from the last phase, or begins with the phase's `first` one; where others
        send those in between, it goes on by a `step` of more than 1.
        """
        same = phase.get("bodies") == "same"
        turns = self._turns.get((netloc, same))
        if turns is None:
            if len(self._turns) > 3:  # of a candidate and its baseline; others come after them
                self._turns.clear()
            count = 1 if same else len(self._lines)
            turns = Turns(count, lambda index: self._request(index, netloc))
            self._turns[netloc, same] = turns
        if phase.get("first") is not None and not same:
            turns.at = phase["first"] % len(self._lines)
        turns.step = 1 if same else phase.get("step", 1)
        return turns

    def _request(self, index: int, netloc: str) -> Request:
        return Request(index, self._lines[index], netloc, self._recorder)


def record(
    recorder: Recorder,
    request: Request,
    planned: float,
    sent: float,
    service: float,
    flags: int,
    answer: tuple[Head, bytes] | Broken,
) -> bool:
    """Write the row of one request; whether it was answered rightly."""
    if isinstance(answer, Broken):
        recorder.failure(request.label, 0, str(answer))
        if answer.ours:
            recorder.exhausted(str(answer))
        flags |= layout.FAILED | (answer.why << layout.WHY_SHIFT)
        recorder.add(planned, sent, service, 0, request.name, flags)
        return False
    head, body = answer
    if head.status != 200 or request.expected not in (None, 200):
        if head.status == request.expected:
            recorder.add(planned, sent, service, head.status, request.name, flags)
            return True
        wrong, why = f"status {head.status}, expected {request.expected or 200}", layout.STATUS
    elif not body and not request.head and request.expected is None:
        wrong, why = "an empty body", layout.OTHER
    else:
        if body != request.body or head.kind != request.kind:
            request.number = recorder.answer(request.index, head, body)
            request.body, request.kind = body, head.kind
        recorder.add(planned, sent, service, 200, request.name, flags, request.number)
        return True
    recorder.failure(request.label, head.status, wrong)
    flags |= layout.FAILED | (why << layout.WHY_SHIFT)
    recorder.add(planned, sent, service, head.status, request.name, flags)
    return False
