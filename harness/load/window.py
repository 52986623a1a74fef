"""The judged part of a run: one entry for every request that was planned in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.load.arrivals import Times
from harness.load.locustside import layout
from harness.load.record import Rows, has

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Window:
    """Planned requests in order of their planned start, and what else was sent meanwhile.

    All arrays but `errors` have the shape (n,); times are seconds.
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

    @property
    def n(self) -> int:
        """How many requests were planned and not silent."""
        return int(len(self.planned) - np.count_nonzero(self.silent))


def cut(
    rows: Rows,
    schedule: Times,
    origin: float,
    first: int,
    last: int,
    end: float,
    wrong: Mapping[int, str],
) -> Window:
    """The window of the planned requests `first` to `last` (excluded), ending at `end` seconds.

    `schedule` and `end` count from `origin`, which is a time.monotonic(); `wrong` names the
    distinct answers that break the contract: their requests failed.
    """
    due = origin + schedule[first:last]
    start = origin + (schedule[first - 1] if first else 0.0)
    failed = has(rows, layout.FAILED) | np.isin(rows["answer"], list(wrong))
    ticket = has(rows, layout.TICKET) & (rows["planned"] >= due[0]) & (rows["planned"] <= due[-1])
    at = np.searchsorted(due, rows["planned"][ticket])
    mine, bad = rows[ticket], failed[ticket]
    late = mine["sent"] - mine["planned"]
    response = np.where(bad, np.inf, late + mine["service"])
    unsent, queued = has(mine, layout.UNSENT), has(mine, layout.QUEUED)
    silent = has(mine, layout.SILENT)
    heard = mine["status"] > 0
    stop = origin + end
    ended = rows["sent"] + rows["service"]
    done = has(rows, layout.TICKET) & ~failed & (ended >= start) & (ended < stop)
    other = ~has(rows, layout.TICKET) & (rows["sent"] >= start) & (rows["sent"] < stop)
    errors = np.concatenate([bad[~unsent & ~silent], failed[other]])
    return Window(
        start=start,
        seconds=stop - start,
        planned=due - start,
        response=_place(len(due), at, response, np.inf),
        service=_place(len(due), at, np.where(heard, mine["service"], np.nan), np.nan),
        lateness=_place(len(due), at, np.where(queued | silent, np.nan, late), np.nan),
        status=_place(len(due), at, mine["status"], 0).astype(np.int16),
        unsent=_mark(len(due), at, unsent),
        silent=_mark(len(due), at, silent),
        queued=_mark(len(due), at, queued),
        pending=~_mark(len(due), at, np.ones(len(at), dtype=np.bool_)),
        errors=errors,
        done=int(np.count_nonzero(done)),
    )


def _place(n: int, at: NDArray[np.intp], values: NDArray[np.generic], empty: float) -> Values:
    placed = np.full(n, empty)
    placed[at] = values
    return placed


def _mark(n: int, at: NDArray[np.intp], values: Flags) -> Flags:
    placed = np.zeros(n, dtype=np.bool_)
    placed[at] = values
    return placed
