"""The judged part of a run: one entry for every request that was planned in it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harness.load.driving.record import Rows, has
from harness.load.locustside import layout
from harness.load.planned.arrivals import Times

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
Names = NDArray[np.uint16]


_MOST_RETRIED = 0.01  # that a server closes a kept connection just as it is used is rarer


def _no_names() -> Names:
    return np.zeros(0, dtype=np.uint16)


def _no_flags() -> Flags:
    return np.zeros(0, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Window:
    """Planned requests in order of their planned start, and what else was sent meanwhile.

    All arrays but `errors` and `error_names` have the shape (n,); times are seconds.
    """

    start: float  # time.monotonic()
    seconds: float
    planned: Values  # from `start`
    response: Values  # from the planned start; infinite where it failed or has not come
    service: Values  # from the send; not a number where nothing came
    lateness: Values  # of the send, where a user was idle: the client's own; else not a number
    status: NDArray[np.int16]
    unsent: Flags  # no user became free to send it
    silent: Flags  # the task of a locustfile ended without a request
    queued: Flags  # every user was busy at the planned start
    pending: Flags  # no row yet
    errors: Flags  # of every request that was sent, further ones of a task included
    done: int  # right answers that ended inside the window
    names: Names = field(default_factory=_no_names)  # name ids of the record, (n,)
    error_names: Names = field(default_factory=_no_names)  # the same of `errors`
    perhaps: Flags = field(default_factory=_no_flags)  # of `errors`: may have failed as well

    @property
    def n(self) -> int:
        """How many requests were planned and not silent."""
        return int(len(self.planned) - np.count_nonzero(self.silent))


class Gathering:
    """Rows as they come, each placed at the request that was planned; none is looked at twice."""

    def __init__(self, schedule: Times, origin: float) -> None:
        """`schedule` counts from `origin`, a time.monotonic(), and ascends strictly."""
        n = len(schedule)
        self._schedule = schedule
        self._due = origin + schedule
        self._origin = origin
        self._late = np.full(n, np.nan, dtype=np.float32)
        self._service = np.full(n, np.nan, dtype=np.float32)
        self._status = np.zeros(n, dtype=np.int16)
        self._name = np.zeros(n, dtype=np.uint16)
        self._flags = np.zeros(n, dtype=np.uint16)
        self._seen = np.zeros(n, dtype=np.bool_)
        self._others: list[Rows] = []  # further requests of tasks

    def take(self, rows: Rows) -> None:
        """Place rows that were not taken before."""
        ticket = has(rows, layout.TICKET)
        if not ticket.all():
            self._others.append(rows[~ticket])
        mine = rows[ticket]
        at = np.searchsorted(self._due, mine["planned"])
        known = at < len(self._due)
        mine, at = mine[known], at[known]
        self._late[at] = mine["sent"] - mine["planned"]
        self._service[at] = mine["service"]
        self._status[at] = mine["status"]
        self._name[at] = mine["name"]
        self._flags[at] = mine["flags"]
        self._seen[at] = True

    def complete(self, first: int, last: int) -> bool:
        """Whether the planned requests `first` to `last` (excluded) all have their row."""
        return bool(self._seen[first:last].all())

    def window(self, first: int, last: int, end: float) -> Window:
        """The planned requests `first` to `last` (excluded), ending `end` seconds from origin."""
        part = slice(first, last)
        start = self._origin + (float(self._schedule[first - 1]) if first else 0.0)
        stop = self._origin + end
        late, service, seen = self._late[part], self._service[part], self._seen[part]
        flags = self._flags[part]
        bad = ~seen | ((flags & layout.FAILED) != 0)
        unsent, silent, queued = (
            (flags & flag) != 0 for flag in (layout.UNSENT, layout.SILENT, layout.QUEUED)
        )
        sent = seen & ~unsent & ~silent
        further = self._further(start, stop)
        asked = np.concatenate([flags[sent], *(rows["flags"] for rows in further)])
        names = [self._name[part][sent], *(rows["name"] for rows in further)]
        return Window(
            start=start,
            seconds=stop - start,
            planned=self._due[part] - start,
            response=np.where(bad, np.inf, late.astype(np.float64) + service),
            service=np.where(self._status[part] > 0, service, np.nan).astype(np.float64),
            lateness=np.where(queued | silent, np.nan, late).astype(np.float64),
            status=self._status[part].copy(),
            unsent=unsent,
            silent=silent,
            queued=queued,
            pending=~seen,
            errors=(asked & layout.FAILED) != 0,
            done=self._done(last, start, stop),
            names=self._name[part].copy(),
            error_names=np.concatenate(names),
            perhaps=_perhaps(asked),
        )

    def _done(self, last: int, start: float, stop: float) -> int:
        """Right answers between two moments, also to what was planned before."""
        ended = self._due[:last] + self._late[:last] + self._service[:last]
        bad = (self._flags[:last] & layout.FAILED) != 0
        return int(np.count_nonzero(~bad & (ended >= start) & (ended < stop)))

    def _further(self, start: float, stop: float) -> list[Rows]:
        """What tasks sent beside their planned requests meanwhile."""
        return [rows[(rows["sent"] >= start) & (rows["sent"] < stop)] for rows in self._others]


def _perhaps(flags: NDArray[np.uint16]) -> Flags:
    """Which of the requests with these flags may have failed, although an answer came.

    A kept connection that is closed without an answer may be a race, after which a client asks
    again; where that happens often, the server has dropped what it was asked.
    """
    right = (flags & layout.FAILED) == 0
    found: Flags = right & ((flags & layout.DOUBTFUL) != 0)
    again = right & ((flags & layout.RETRIED) != 0)
    if np.count_nonzero(again) > _MOST_RETRIED * len(flags):
        found |= again
    return found


def whole(rows: Rows, schedule: Times, origin: float, end: float) -> Window:
    """All of a schedule, in one piece; `end` is a time.monotonic()."""
    gathered = Gathering(schedule, origin)
    gathered.take(rows)
    return gathered.window(0, len(schedule), end - origin)
