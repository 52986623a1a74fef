"""What /proc tells of a candidate's processes: open files, and whether one took another's place."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_SETTLED = 1.0  # seconds after which a process is no passing helper


@dataclass(frozen=True, slots=True)
class Process:
    """One process; its number may be given away again, its start may not."""

    pid: int
    parent: int
    started: int  # ticks since boot


def processes(pids: Iterable[int], proc: str = "/proc") -> list[Process]:
    """Those of them that are still there."""
    return [found for found in (_look(pid, proc) for pid in pids) if found is not None]


def open_files(pids: Iterable[int], proc: str = "/proc") -> int | None:
    """File descriptors of all of them; None where not all may be looked into."""
    total = 0
    for pid in pids:
        try:
            total += len(os.listdir(f"{proc}/{pid}/fd"))
        except FileNotFoundError:
            continue  # it ended between being listed and being looked at
        except OSError:
            return None
    return total


class Lives:
    """Counts the processes that ended and whose place another one took.

    A server that forks workers starts a new one where one has crashed or was killed. What lived
    for less than a second is a helper that came and went.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # whoever samples and whoever asks just once
        self._known: dict[Process, float] = {}  # to when it was first seen
        self._vacant: Counter[int] = Counter()  # places by parent; 0: of the first process
        self._replaced = 0

    def look(self, seen: Iterable[Process], at: float) -> int:
        """How many were replaced so far, as far as it can be told from looks like this one."""
        now = set(seen)
        with self._lock:
            self._leave(now, at)
            self._enter(now)
            self._known = {process: self._known.get(process, at) for process in now}
            return self._replaced

    def _leave(self, now: set[Process], at: float) -> None:
        before = {process.pid for process in self._known}
        for process, since in self._known.items():
            if process not in now and at - since >= _SETTLED:
                self._vacant[process.parent if process.parent in before else 0] += 1

    def _enter(self, now: set[Process]) -> None:
        inside = {process.pid for process in now}
        for process in now - self._known.keys():
            place = process.parent if process.parent in inside else 0
            if self._vacant[place] > 0:
                self._vacant[place] -= 1
                self._replaced += 1


def _look(pid: int, proc: str) -> Process | None:
    try:
        with open(f"{proc}/{pid}/stat", "rb") as file:
            # The name, in brackets, may hold anything; fields 4 and 22 count from behind it.
            told = file.read().rpartition(b")")[2].split()
        return Process(pid, int(told[1]), int(told[19]))
    except (OSError, IndexError, ValueError):
        return None
