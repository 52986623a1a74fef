"""How candidate and baseline share one machine's memory while they are compared."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.errors import EngineError
from harness.load.errors import LoadError
from harness.load.paired.pairing import BASELINE, CANDIDATE
from harness.model import Exit, Startup, Usage

_MIB = 1024.0**2


class Resident(Protocol):
    """What is needed of an Endpoint that makes room for another one."""

    @property
    def base_url(self) -> str:
        """Where it listens now."""

    def running(self) -> bool:
        """Whether it runs."""

    def usage(self) -> Usage:
        """Its resources now."""

    def pause(self) -> None:
        """Keep its processes from running; their memory stays."""

    def unpause(self) -> None:
        """Let them run again."""

    def bind(self, processors: Sequence[int]) -> None:
        """Let it run on these processors of the host alone."""

    def stop(self, grace: float) -> Exit:
        """End it, so that its memory is free."""

    def restart(self) -> None:
        """Start it again."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, with what a restart of it takes."""

    endpoint: Resident
    wait: Callable[[], Startup]  # follows a start until a real inference
    grace: float  # seconds that it is given to end


class Turns:
    """Both are up and stay so: blocks may follow one another at once."""

    word = "both resident"
    together = True
    most_pairs = 200
    most_requests = 16  # of a block
    wanted_pairs = 40  # that should fit into the time where answers are slow

    def __init__(self, baseline: Side, candidate: Side, why: str, cpus: float = 0.0) -> None:
        """`why` tells the figures of the memory, for the report; each may use so many `cpus`."""
        self.sides = (baseline, candidate)
        self.why = why
        self._cpus = cpus
        self._bound = False

    def urls(self) -> tuple[str, str]:
        """Base URLs of baseline and candidate as they are now."""
        return self.sides[BASELINE].endpoint.base_url, self.sides[CANDIDATE].endpoint.base_url

    def died(self) -> bool:
        """Whether the candidate has ended by itself."""
        return not self.sides[CANDIDATE].endpoint.running()

    def begin(self) -> None:
        """Hold both to the same processors, where the machine has more than one of them needs.

        Which processor a process is on, and who else is there, lasts longer than a comparison: it
        would be taken for the process's own speed, however the blocks are interleaved.
        """
        usable = usable_processors()
        held = usable[-math.ceil(self._cpus) :] if self._cpus else usable
        if len(held) < len(usable):
            try:
                self._bind(held)
            except EngineError as problem:  # as where the engine may not do that, or is elsewhere
                with contextlib.suppress(EngineError):
                    self._bind(usable)  # the one that could be held
                self.why += f"; each on any processor: {problem}"
                return
            self._bound = True
            self.why += f"; both on processor {', '.join(map(str, held))}"

    def take(self, side: int) -> bool:
        """Make one side ready to answer; whether it was started for that, and must warm up."""
        return False

    def end(self) -> None:
        """Leave the candidate running and on any processor, as other checks expect it."""
        if self._bound:
            self._bind(usable_processors())
            self._bound = False

    def _bind(self, processors: Sequence[int]) -> None:
        for side in self.sides:
            side.endpoint.bind(processors)


class Pausing(Turns):
    """Both are up, but only one may run, so that only one of them can take more memory."""

    word = "paused in turn"
    together = False
    most_requests = 40  # a change of turns takes as long as some of them
    _paused: int | None = None

    def take(self, side: int) -> bool:
        """Let this side run and the other one not. Raises EngineError."""
        if self._paused != 1 - side:
            self._go_on()
            self.sides[1 - side].endpoint.pause()
            self._paused = 1 - side
        return False

    def end(self) -> None:
        """Both run again. Raises EngineError."""
        self._go_on()
        super().end()

    def _go_on(self) -> None:
        if self._paused is not None:
            self.sides[self._paused].endpoint.unpause()
            self._paused = None


class Restarting(Turns):
    """Only one is up at any time; the other one's memory is free meanwhile."""

    word = "restarted in turn"
    together = False
    most_pairs = wanted_pairs = 12  # each costs more than one start
    most_requests = 200
    _up: int | None = None  # which one should be

    def take(self, side: int) -> bool:
        """End the other side, start this one.

        Raises EngineError, and LoadError where it does not come up again.
        """
        other, this = self.sides[1 - side], self.sides[side]
        if other.endpoint.running():
            other.endpoint.stop(other.grace)
        before, self._up = self._up, side
        if before == side or this.endpoint.running():  # one that died meanwhile stays dead
            return False
        this.endpoint.restart()
        startup = this.wait()
        if not startup.ready:
            who = "candidate" if side == CANDIDATE else "baseline"
            raise LoadError(f"the {who} did not come up again after a stop: {startup.reason}")
        return True

    def end(self) -> None:
        """The candidate is up alone."""
        self.take(CANDIDATE)
        super().end()


def usable_processors() -> list[int]:
    """Those of this machine that may be used, in order; none where the system does not tell."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return sorted(affinity(0)) if affinity else []


def free_bytes() -> float:
    """Memory that this machine can still give (MemAvailable)."""
    import psutil

    return float(psutil.virtual_memory().available)


def fits(candidate: Usage, limit: float, free: float) -> bool:
    """Whether a second one may start beside the running candidate, and both grow to `limit` bytes.

    `free`: bytes that the machine can still give.
    """
    return limit + _growth(candidate, limit) <= free


def choose(
    baseline: Usage | None, candidate: Usage | None, limit: float, free: float
) -> tuple[type[Turns], str]:
    """How the two can share the machine, and the figures that say so.

    Each may use `limit` bytes; None for the Usage of one that does not run just now, as the other
    one needed its memory. The machine can still give `free` bytes. Where both can grow to their
    limits, both stay resident; where one can while the other is held still, they are paused in
    turn; else they are restarted in turn.
    """
    told = f"limits of {limit / _MIB:.0f} MiB each, {free / _MIB:.0f} MiB free"
    if baseline is None or candidate is None:
        return Restarting, told
    grown = [_growth(used, limit) for used in (baseline, candidate)]
    if sum(grown) <= free:
        return Turns, told
    return (Pausing if max(grown) <= free else Restarting), told


def _growth(used: Usage, limit: float) -> float:
    """Bytes that it may still take; all of its limit where its use is not known."""
    return max(0.0, limit - (used.memory_bytes or 0))
