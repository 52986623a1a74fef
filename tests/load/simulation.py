"""A service that is only computed: the rows that a Driver would bring, in no time at all."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from harness.load.driving.phases import Kind, Phase
from harness.load.driving.record import ROW, Rows
from harness.load.locustside import layout
from harness.load.planned.arrivals import Times
from harness.load.trust.calibration import Pressure


@dataclass
class Simulated:
    """First come, first served by `workers`, each of which takes `work` seconds a request.

    With `most` waiting, whoever comes next is refused with 503. Time is a number that grows.
    """

    work: float = 0.005
    workers: int = 1
    most: int | None = None
    random: bool = False  # exponential times of work in place of equal ones
    status: int = 503  # of a refusal; 0: its connection is reset
    now: float = 1000.0
    busy_client: bool = False
    phases: list[tuple[Kind, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free = [self.now] * self.workers
        self._starts: list[float] = []  # of what has not begun
        self._draw = np.random.default_rng(7)
        self._shown: Rows = np.zeros(0, dtype=ROW)

    def open(
        self,
        schedule: Times,
        *,
        bodies: str = "all",
        users: int | None = None,
        patience: float | None = None,
        watch: Callable[[], bool] | None = None,
    ) -> Phase:
        """As the Driver does; `users` are as many as it takes."""
        origin = self.now
        rows = np.array([self._ask(origin + at) for at in schedule], dtype=ROW)
        ended = rows["sent"] + rows["service"]
        end, dealt = origin + float(schedule[-1]), len(schedule)
        for at in np.arange(origin, end, 0.1) if watch is not None else ():
            self._shown = rows[ended <= at]
            if watch is not None and watch():
                end, dealt = float(at), int(np.count_nonzero(rows["planned"] <= at))
                break
        rows = rows[:dealt]
        limit = end + (2.0 if patience is None else patience)
        late = rows["sent"] + rows["service"] > limit
        rows["flags"][late] |= layout.FAILED | layout.UNANSWERED
        rows["status"][late] = 0
        ended = np.minimum(rows["sent"] + rows["service"], limit)
        return self._phase("open", origin, max(end, float(ended.max())), rows, schedule, dealt)

    def closed(
        self,
        concurrency: int,
        *,
        seconds: float | None = None,
        requests: int | None = None,
        bodies: str = "all",
    ) -> Phase:
        """As the Driver does."""
        origin = self.now
        stop = origin + (seconds or 1e9)
        due = [origin] * concurrency
        rows: list[tuple[float, ...]] = []
        while due and len(rows) < (requests or 1e9):
            at = heapq.heappop(due)
            if at >= stop:
                continue
            rows.append(self._ask(at))
            # A refused client comes again a little later, else it would never leave.
            heapq.heappush(due, at + max(rows[-1][2], 1e-4) + (2e-3 if self.busy_client else 0))
        made = np.array(rows, dtype=ROW)
        ended = float((made["sent"] + made["service"]).max())
        return self._phase("closed", origin, max(ended, min(stop, 1e8)), made, None, None)

    def rows(self) -> Rows:
        """What the watch may see."""
        return self._shown

    def _ask(self, at: float) -> tuple[float, ...]:
        self._starts = [start for start in self._starts if start > at]
        flags = layout.TICKET
        if self.most is not None and len(self._starts) >= self.most:
            why = layout.FAILED | ((6 if self.status else 2) << 7)
            return (at, at, 0.0005, self.status, 0, 0, flags | why, 0)
        start = max(at, heapq.heappop(self._free))
        took = float(self._draw.exponential(self.work)) if self.random else self.work
        heapq.heappush(self._free, start + took)
        self._starts.append(start)
        return (at, at, start + took - at, 200, 0, 0, flags, 0)

    def _phase(
        self,
        kind: Kind,
        origin: float,
        end: float,
        rows: Rows,
        schedule: Times | None,
        dealt: int | None,
    ) -> Phase:
        self.now = end + 0.05
        self.phases.append((kind, len(rows) / (end - origin)))
        rows = rows[np.argsort(rows["sent"], kind="stable")]
        return Phase(
            id=len(self.phases),
            kind=kind,
            target="http://127.0.0.1:1",
            rows=rows,
            start=origin,
            end=end,
            origin=origin,
            schedule=schedule,
            dealt=dealt,
            users=1000,
            client_cpu=0.2,
            spins=None,
            pressure=Pressure(),
        )
