"""Reports of several workers become one record, as if one Locust process had made it."""

from __future__ import annotations

import base64
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.load.distributed import slices
from harness.load.locustside import layout
from harness.load.locustside.http import Head
from harness.load.locustside.recorder import Recorder

LAG = 1.0
"""Seconds by which a phase's zero on the master's clock is later than it was.

A row needs a while to get here: written down by the worker, reported, and written down here.
Whoever looks at the record while it grows must not take a row that is on its way for a lost one.
"""


class Broken(Exception):
    """The record of a worker cannot be trusted, or it has no more to say: the message is why."""


@dataclass(eq=False, slots=True)
class Worker:
    """What the master knows of one worker over all phases."""

    id: str  # Locust's: host name and a random number
    number: int  # from 1, in the order in which they came
    ready: bool = False
    heard: float = 0.0  # time.monotonic() of its last report
    reports: int = 0
    names: dict[int, int] = field(default_factory=dict)  # its number of a name -> the master's
    answers: dict[int, int] = field(
        default_factory=lambda: {n: n for n in (layout.NO_ANSWER, layout.DROPPED_ANSWER)}
    )

    @property
    def host(self) -> str:
        """Where it runs."""
        return self.id.rpartition("_")[0] or self.id

    def __str__(self) -> str:
        return f"worker {self.number} ({self.host})"


@dataclass(slots=True)
class Part:
    """A worker's part in the running phase."""

    command: slices.Command
    schedule: array[float] | None
    turn: int = 0  # its place among the `of` workers, from 0
    of: int = 1
    origin: float | None = None  # on its own clock
    users: int = 0
    beat: dict[str, Any] | None = None
    cpu: tuple[float, float] | None = None  # (at, cpu) of the beat before
    failures: list[list[Any]] = field(default_factory=list)
    tickets: int = 0
    dealt: int | None = None  # told at its end
    held: list[bytes] = field(default_factory=list)  # rows that came before all had begun
    clock: slices.Clock | None = None


class Merge:
    """One phase. Raises Broken where a worker's reports do not fit together."""

    def __init__(
        self, command: slices.Command, parts: Mapping[Worker, Part], recorder: Recorder
    ) -> None:
        self.id: int = command["id"]
        self._blocks = len(command.get("order", [None]))
        self.parts = parts
        self._recorder = recorder
        self._cpu = 0.0
        self.ended = False
        self.dealt = 0  # once it has ended

    @property
    def begun(self) -> bool:
        """Whether every part has."""
        return all(part.clock is not None for part in self.parts.values())

    def take(self, worker: Worker, event: dict[str, Any], now: float) -> None:
        """One event of a worker that belongs to a phase."""
        part = self.parts.get(worker)
        if part is None:
            return
        kind = event["event"]
        if kind == "started":
            part.origin, part.users = event["origin"], event["users"]
            self._begin(now)
        elif kind == "beat":
            part.beat = event
        elif kind == "failures":
            part.failures = event["kinds"]
        elif kind == "block":
            self._block(part, event)
        elif kind == "end":
            part.dealt = event["dealt"]

    def rows(self, worker: Worker, data: bytes) -> None:
        """A slice of a worker's record."""
        part = self.parts.get(worker)
        if part is None:
            if data:
                raise Broken(f"{worker} sent rows of a phase that it has no part in")
        elif part.clock is None:
            part.held.append(data)
        else:
            self._add(worker, part, part.clock, data)

    def settle(self) -> None:
        """Once every part has ended and every ticket of it has its row: say so to the gate."""
        parts = self.parts.values()
        if self.ended or any(part.dealt is None for part in parts):
            return
        for worker, part in self.parts.items():
            if part.tickets != part.dealt:
                raise Broken(
                    f"the record of {worker} lacks {(part.dealt or 0) - part.tickets} of "
                    f"{part.dealt} planned requests although it says that it ended well"
                )
        self.ended, self.dealt = True, self._dealt()
        self._recorder.flush()
        kinds = slices.added_up([part.failures for part in parts])
        self._recorder.event("failures", phase=self.id, kinds=kinds)
        self._recorder.event(
            "end",
            phase=self.id,
            dealt=self.dealt,
            workers={str(worker): part.dealt for worker, part in self.parts.items()},
        )

    def beat(self, now: float) -> dict[str, Any]:
        """A sign of life for all of them; the processor time is the busiest worker's."""
        parts = [part for part in self.parts.values() if part.beat is not None]
        beats = [part.beat or {} for part in parts]
        after = [(beat["at"], beat["cpu"]) for beat in beats]
        before = [part.cpu or now_cpu for part, now_cpu in zip(parts, after, strict=True)]
        passed = max((t - s for (s, _), (t, _) in zip(before, after, strict=True)), default=0.0)
        self._cpu += slices.busiest(before, after) * passed
        for part, last in zip(parts, after, strict=True):
            part.cpu = last
        summed = {key: sum(beat[key] for beat in beats) for key in ("dealt", "backlog", "users")}
        if len(parts) < len(self.parts):
            summed["users"] = sum(part.users for part in self.parts.values())
        return {"phase": self.id, "at": now, "cpu": self._cpu, **summed}

    def missing(self, worker: Worker) -> str:
        """How much of a lost worker's part never came, for the message that says so."""
        part = self.parts.get(worker)
        if part is None or part.dealt is not None:
            return ""
        planned = "" if part.schedule is None else f" of {len(part.schedule)} planned"
        return f"; {part.tickets}{planned} requests of its part of phase {self.id} had come"

    def _dealt(self) -> int:
        """How many planned starts fell due, counted from the first without a gap.

        Where a phase is ended early, one worker has dealt a little further than another.
        """
        total = sum(part.dealt or 0 for part in self.parts.values())
        gaps = [
            (part.dealt or 0) * part.of + part.turn
            for part in self.parts.values()
            if part.schedule is not None and (part.dealt or 0) < len(part.schedule)
        ]
        return min([total, *gaps])

    def _begin(self, now: float) -> None:
        """All have begun: their clocks are set, and what came meanwhile is put down."""
        if any(part.origin is None for part in self.parts.values()):
            return
        origin = now + LAG
        for worker, part in self.parts.items():
            assert part.origin is not None
            part.clock = slices.Clock(part.origin, origin, part.schedule)
        users = sum(part.users for part in self.parts.values())
        self._recorder.event("started", phase=self.id, origin=origin, users=users)
        for worker, part in self.parts.items():
            held, part.held = part.held, []
            for data in held:
                self.rows(worker, data)

    def _block(self, part: Part, event: dict[str, Any]) -> None:
        if part.clock is None:
            raise Broken("a block ended before its phase began")
        start, end = part.clock.moment(event["start"]), part.clock.moment(event["end"])
        self._recorder.event("block", index=event["index"], start=start, end=end)

    def _add(self, worker: Worker, part: Part, clock: slices.Clock, data: bytes) -> None:
        recorder, names, answers = self._recorder, worker.names, worker.answers
        last = self.id + self._blocks
        for planned, sent, service, status, name, answer, flags, phase in slices.rows(data):
            if not self.id <= phase < last:
                raise Broken(f"{worker} sent a row of phase {phase} in phase {self.id}")
            ticket = flags & layout.TICKET
            part.tickets += bool(ticket)
            planned = clock.planned(planned) if ticket else clock.moment(planned)
            if name not in names or answer not in answers:
                raise Broken(f"{worker} sent a row before the name or the answer that it refers to")
            sent = clock.moment(sent)
            recorder.phase = phase
            recorder.add(planned, sent, service, status, names[name], flags, answers[answer])


def take_answers(worker: Worker, lines: Sequence[dict[str, Any]], recorder: Recorder) -> None:
    """Keep the distinct answers that a worker saw, each once whichever of them saw it."""
    for line in lines:
        body = base64.b64decode(line["body"])
        headers = line["headers"]
        head = Head(line["status"], headers, True, len(body), headers.get("content-type", ""))
        worker.answers[line["id"]] = recorder.answer(line["request"], head, body)
