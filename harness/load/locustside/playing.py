"""Playing one phase: tickets out, rows in, a sign of life four times a second."""

from __future__ import annotations

import gc
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from harness.load.locustside import layout
from harness.load.locustside.dispenser import Dispenser
from harness.load.locustside.recorder import Recorder

_CLOSE_LOOK = 0.02  # seconds between two looks once nothing more falls due
_LEAD = 0.02  # seconds from the word to the first start


class Takers(Protocol):
    """Those who take the tickets of a phase: lanes, or the users of a locustfile."""

    dispenser: Dispenser

    @property
    def users(self) -> int:
        """How many there are."""

    @property
    def pending(self) -> bool:
        """Whether a ticket that was taken has no answer yet."""

    def unsent(self) -> int:
        """The number of the name of the next request that nobody was free to send."""

    def give_up(self, patience: float) -> None:
        """Record what is still open as unanswered."""


class Player:
    """Plays phases one after the other into one record. `check` ends the process on a full disk."""

    def __init__(self, folder: Path, recorder: Recorder, check: Callable[[], None]) -> None:
        self._folder = folder
        self._recorder = recorder
        self._check = check
        self._dealt = 0  # of the blocks before this one
        self._patience = 0.0
        self._playing: Takers | None = None
        self._stopped = False

    def stop(self, patience: float) -> None:
        """End the running phase early; without one, nothing."""
        if self._playing is not None:
            self._patience, self._stopped = patience, True
            self._playing.dispenser.stop()

    def open(self, takers: Takers, phase: dict[str, Any]) -> None:
        """Send at planned starts."""
        schedule = array("d")
        path = self._folder / phase["schedule"]
        with path.open("rb") as file:
            schedule.fromfile(file, path.stat().st_size // schedule.itemsize)
        self._begin(takers, phase)
        origin = self._started(takers, phase)
        takers.dispenser.open(schedule, origin)
        self._play(takers, phase)
        self._end(takers, phase)

    def closed(self, takers: Takers, phase: dict[str, Any]) -> None:
        """Keep a number of requests under way."""
        self._begin(takers, phase)
        origin = self._started(takers, phase)
        self._keep_out(takers, phase, phase["concurrency"], origin)
        self._play(takers, phase)
        self._end(takers, phase)

    def blocks(self, targets: list[Takers], phase: dict[str, Any]) -> None:
        """One request at a time, some to one server, then some to another, as ordered."""
        first = targets[phase["order"][0]]
        self._begin(first, phase)
        self._started(first, phase)
        for index, number in enumerate(phase["order"]):
            takers = self._playing = targets[number]
            self._recorder.phase = phase["id"] + index
            start = time.monotonic()
            self._keep_out(takers, phase, 1, start)
            self._play(takers, phase)
            self._recorder.event("block", index=index, start=start, end=time.monotonic())
            self._dealt += takers.dispenser.dealt
            if self._stopped:
                break
        self._end(takers, phase, self._dealt)

    def _begin(self, takers: Takers, phase: dict[str, Any]) -> None:
        self._recorder.phase = phase["id"]
        self._patience = phase["patience"]
        self._dealt, self._stopped, self._playing = 0, False, takers
        gc.collect()
        gc.freeze()  # what exists now will stay: no pause for looking at it again

    def _started(self, takers: Takers, phase: dict[str, Any]) -> float:
        origin = time.monotonic() + _LEAD
        self._recorder.event("started", phase=phase["id"], origin=origin, users=takers.users)
        return origin

    def _keep_out(
        self, takers: Takers, phase: dict[str, Any], concurrency: int, origin: float
    ) -> None:
        never = float("inf")
        most, seconds = phase.get("requests"), phase.get("seconds")
        takers.dispenser.closed(concurrency, most or never, seconds or never, origin)

    def _play(self, takers: Takers, phase: dict[str, Any]) -> None:
        """Until everything that was dealt is answered, or patience ends."""
        dispenser = takers.dispenser
        deadline: float | None = None
        next_beat = time.monotonic()
        while True:
            dispenser.quiet.wait(layout.FLUSH if not dispenser.exhausted else _CLOSE_LOOK)
            now = time.monotonic()
            if now >= next_beat:
                self._beat(takers, phase, now)
                next_beat = now + layout.BEAT
            self._recorder.flush()
            if not dispenser.exhausted:
                continue
            deadline = deadline or now + self._patience
            if now > deadline or not (dispenser.backlog or takers.pending):
                break
        self._give_up(takers)

    def _give_up(self, takers: Takers) -> None:
        now = time.monotonic()
        takers.give_up(self._patience)
        flags = layout.TICKET | layout.FAILED | layout.QUEUED | layout.UNSENT
        flags |= layout.OTHER << layout.WHY_SHIFT
        for planned in takers.dispenser.give_up():
            self._recorder.add(planned, now, 0.0, 0, takers.unsent(), flags)

    def _beat(self, takers: Takers, phase: dict[str, Any], now: float) -> None:
        self._recorder.flush()
        self._check()
        self._recorder.event(
            "beat",
            phase=phase["id"],
            at=now,
            cpu=time.process_time(),
            dealt=self._dealt + takers.dispenser.dealt,
            backlog=len(takers.dispenser.backlog),
            users=takers.users,
        )

    def _end(self, takers: Takers, phase: dict[str, Any], dealt: int | None = None) -> None:
        self._playing = None
        self._recorder.phase = phase["id"]
        self._recorder.failures()
        self._beat(takers, phase, time.monotonic())
        self._recorder.phase = None
        dealt = takers.dispenser.dealt if dealt is None else dealt
        self._recorder.event("end", phase=phase["id"], dealt=dealt)
        self._check()
