"""How fast this machine is just now, and who else is using it: spins, steal, pressure."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_TURNS = 60_000  # about 2 ms on a core of 2024
_TRIES = 3
_LIKE = 1.2  # times the usual: the machine is not at its full speed just now
PATIENCE = 0.3  # seconds in which it may come back to it: others' work comes in bursts
_PAUSE = 0.02
_PROC = Path("/proc")


class Speed:
    """How fast this machine is from one moment to the next."""

    def __init__(self) -> None:
        self._usual = float("inf")  # seconds of a spin at what is taken for its full speed

    def spin(self, patience: float = PATIENCE) -> float:
        """Seconds that a fixed calculation takes, the best of three.

        The same before and after a phase, unless the machine became faster or slower meanwhile:
        by its clock, by a neighbour on the same core, by a hypervisor. What is over within
        `patience` seconds is no such change. What is not is the usual from then on.
        """
        ends = time.monotonic() + patience
        best = min(_once() for _ in range(_TRIES))
        while best > _LIKE * self._usual and time.monotonic() < ends:
            time.sleep(_PAUSE)
            best = min(best, _once())
        self._usual = best if patience else min(best, self._usual)
        return best


def _once() -> float:
    begun = time.perf_counter()
    total = 0
    for i in range(_TURNS):
        total += i & 7
    return time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class Pressure:
    """The host during a stretch of time; None where it was not measured."""

    steal: float | None = None  # share of all processor time that the hypervisor withheld
    waiting: float | None = None  # share of time in which some task waited for a processor (PSI)
    foreign: float | None = None  # cores used by what is neither the gate nor the endpoint


@dataclass(frozen=True, slots=True)
class _Ticks:
    at: float
    busy: float  # seconds, summed over cores
    stolen: float
    total: float
    waited: float | None
    ours: float | None


class Gauge:
    """Measures the pressure from its making to `read`.

    `used` gives processor seconds that the gate's processes and the endpoint have used so far,
    None where that is not known.
    """

    def __init__(self, used: Callable[[], float | None], proc: Path = _PROC) -> None:
        self._used = used
        self._proc = proc
        self._first = self._now()

    def read(self) -> Pressure:
        """The pressure since the making; parts that this system does not tell are None."""
        first, last = self._first, self._now()
        if first is None or last is None or last.total <= first.total:
            return Pressure()
        seconds = max(last.at - first.at, 1e-6)
        waiting = None
        if first.waited is not None and last.waited is not None:
            waiting = min(1.0, max(0.0, (last.waited - first.waited) / seconds))
        foreign = None
        if first.ours is not None and last.ours is not None:
            ours = last.ours - first.ours
            foreign = max(0.0, (last.busy - first.busy - ours) / seconds)
        steal = max(0.0, (last.stolen - first.stolen) / (last.total - first.total))
        return Pressure(steal, waiting, foreign)

    def _now(self) -> _Ticks | None:
        try:
            line = (self._proc / "stat").read_text(encoding="ascii").split("\n", 1)[0]
            fields = [int(text) for text in line.split()[1:9]]
        except (OSError, ValueError):
            return None
        if len(fields) < 8:
            return None
        user, nice, system, idle, iowait, irq, softirq, steal = (n / _hertz() for n in fields)
        busy = user + nice + system  # interrupts are for all: they belong to no process
        total = busy + idle + iowait + irq + softirq + steal
        return _Ticks(time.monotonic(), busy, steal, total, self._waited(), self._used())

    def _waited(self) -> float | None:
        """Seconds since boot in which some task waited for a processor."""
        try:
            line = (self._proc / "pressure" / "cpu").read_text(encoding="ascii").split("\n", 1)[0]
            return int(line.rpartition("total=")[2]) / 1e6
        except (OSError, ValueError):
            return None


def _hertz() -> int:
    return os.sysconf("SC_CLK_TCK")


def proxies(proc: Path = _PROC) -> float | None:
    """Processor seconds of the engine's port forwarders: part of the way to the endpoint."""
    total = 0.0
    for path in proc.glob("[0-9]*/comm"):
        try:
            if path.read_text(encoding="utf-8").strip() != "docker-proxy":
                continue
        except OSError:
            continue  # it has ended meanwhile
        total += process_seconds(path.parent) or 0.0
    return total


def process_seconds(folder: Path) -> float | None:
    """Processor seconds of the process of a folder of /proc; None where it does not tell."""
    try:
        text = (folder / "stat").read_text(encoding="ascii", errors="replace")
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _hertz()
    except (OSError, ValueError, IndexError):
        return None
