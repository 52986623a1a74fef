"""Phases: stretches of traffic that one Locust process sends one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from harness.load.driving.record import Rows, has
from harness.load.driving.window import Values, Window, whole
from harness.load.locustside import layout
from harness.load.planned.arrivals import Times
from harness.load.trust.calibration import Pressure
from harness.model import Finding

Kind = Literal["open", "closed", "blocks"]

_STALL = 0.1  # seconds: signs of life that are that late were held up


@dataclass(frozen=True, slots=True)
class Failure:
    """Requests that failed in one way."""

    name: str  # method and path, or the name that a locustfile gave it
    status: int  # 0: no answer
    reason: str
    count: int


@dataclass(frozen=True)
class Phase:
    """What was sent in one phase and what came of it. Times are seconds of time.monotonic()."""

    id: int
    kind: Kind
    target: str  # base URL that was asked
    rows: Rows  # whole, ordered by `sent`; an answer that breaks the contract is FAILED here too
    start: float  # of its first planned request at the earliest
    end: float  # it was over: everything answered, or given up
    origin: float = 0.0  # zero of the schedule
    schedule: Times | None = None  # seconds from `origin`; None where nothing was planned ahead
    dealt: int | None = None  # how many of the schedule fell due; None: all of them
    users: int = 0  # requests in flight at most
    users_left: int | None = None  # the fewest at any time; a locustfile's may stop themselves
    names: Mapping[int, str] = field(default_factory=dict)  # rows["name"] -> METHOD /path
    failures: tuple[Failure, ...] = ()  # the most frequent first
    strays: tuple[Finding, ...] = ()  # on answers that are others than without load
    client_cpu: float | None = None  # share of one core that Locust's process used
    stalled: float = 0.0  # seconds in which Locust's process gave no sign of life
    spins: tuple[float, float] | None = None  # s of the same calculation, before and after
    pressure: Pressure = field(default_factory=Pressure)  # of the host meanwhile

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.start

    @property
    def tickets(self) -> Rows:
        """The planned requests, each once: without further requests of a locustfile's tasks."""
        found: Rows = self.rows[has(self.rows, layout.TICKET)]
        return found

    @property
    def response(self) -> Values:
        """Seconds from the planned start of each of `tickets`; infinite where it failed."""
        rows = self.tickets
        late = rows["sent"] - rows["planned"]
        return np.where(has(rows, layout.FAILED), np.inf, late + rows["service"])

    @property
    def failed(self) -> int:
        """How many of `tickets` got no right answer."""
        return int(np.count_nonzero(has(self.tickets, layout.FAILED)))

    @cached_property
    def window(self) -> Window:
        """Everything that was planned in this phase. Raises ValueError without a schedule."""
        if self.schedule is None:
            raise ValueError(f"phase {self.id} is {self.kind}: nothing was planned ahead")
        return whole(self.rows, self.schedule[: self.dealt], self.origin, self.end)

    def doubts(self) -> tuple[str, ...]:
        """Why this phase shows nothing at all; each names its figure. Empty: it shows something."""
        from harness.load.trust import health

        return health.of_phase(self)

    def excuses(self, tightest: float | None = None) -> tuple[str, ...]:
        """Why its figures may be worse than the endpoint is; each names its figure.

        `tightest` is the tightest latency limit in seconds. What passes in spite of such a reason
        has passed; a limit that is broken beside one was perhaps not broken by the endpoint.
        """
        from harness.load.trust import health

        return health.excuses_of_phase(self, tightest)


def client_cpu(beats: Sequence[Mapping[str, Any]]) -> float | None:
    """Share of a core that Locust used between its first and its last sign of life."""
    if len(beats) < 2 or beats[-1]["at"] <= beats[0]["at"]:
        return None
    first, last = beats[0], beats[-1]
    return float((last["cpu"] - first["cpu"]) / (last["at"] - first["at"]))


def stalled(origin: float, beats: Sequence[Mapping[str, Any]]) -> float:
    """Seconds from the origin on in which Locust stood still, as its signs of life show them."""
    late = np.diff([origin, *(beat["at"] for beat in beats)]) - layout.BEAT
    return float(np.sum(late[late > _STALL]))
