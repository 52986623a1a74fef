"""Overload: twice of what the service can do for some seconds, and how it comes back from it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.load.driving.phases import Phase
from harness.load.driving.record import Rows, has
from harness.load.driving.window import Flags, Values
from harness.load.locustside import layout
from harness.load.planned import arrivals
from harness.load.rates import ladder
from harness.load.rates.ladder import Closed
from harness.load.rates.probes import Open
from harness.load.statistics import intervals
from harness.load.statistics.intervals import Interval

TIMES = 2.0  # what the service can do, while it is overloaded
AFTER = 0.5  # of it, before and afterwards
_BEFORE = 1.0  # seconds at the lower rate, to begin with
_LADDER = 6.0  # seconds of looking for the throughput
_WIDTH = 0.25  # seconds of a bucket of the recovery, at least
_IN_BUCKET = 20  # requests of it, at least
_BAD = 0.1  # share of a bucket that may be late or failed: one of twenty is chance
_CALM = 2.0  # seconds of good buckets, after which it has recovered
_EVERY = 2  # of the watch's calls
_PATIENCE = 2.0  # seconds
_SHED = (429, 503)
_WORDS = {
    layout.REFUSED: "connection refused",
    layout.RESET: "connection reset",
    layout.CLOSED: "connection closed",
    layout.TIMEOUT: "timeout",
    layout.FRAMING: "broken answer",
}

SHED = "429 or 503"


class Overloads(Closed, Open, Protocol):
    """What an overload needs of a Driver."""


@dataclass(frozen=True, slots=True)
class Overload:
    """What an overload did. Seconds count from the start of the phase."""

    phase: Phase
    capacity: float  # right answers a second, in a closed loop
    deadline: float  # seconds within which an answer is of use
    begin: float  # of the overload
    end: float
    saturated: bool = True  # more at a time brought no more: the capacity is the service's

    def goodput(self, confidence: float) -> Interval:
        """Right answers within the deadline as a share of the capacity, while it was overloaded.

        Of the requests that were planned once a queue could have grown to the deadline: the first
        ones find none.
        """
        first = self.begin + min(self.deadline, (self.end - self.begin) / 2)
        planned, timely = self._timely()
        inside = (planned >= first) & (planned < self.end)
        found = intervals.share(timely[inside], confidence)
        scale = found.n / (self.end - first) / self.capacity
        return Interval(
            found.value * scale, found.low * scale, found.high * scale, found.n, found.inflation
        )

    @property
    def recovery(self) -> tuple[float, bool]:
        """Seconds from the end of the overload until nearly all answers were timely again.

        False beside it: they were not by the end of the phase, and it takes longer than that.
        """
        planned, timely = self._timely()
        after = planned >= self.end
        return recovered(planned[after] - self.end, timely[after], AFTER * self.capacity)

    def shed(self) -> Counter[str]:
        """What became of the requests of the overload that got no right answer, by kind."""
        rows = self.phase.tickets
        planned = rows["planned"] - self.phase.origin
        inside = rows[(planned >= self.begin) & (planned < self.end)]
        return kinds(inside)

    @property
    def offered(self) -> int:
        """Requests that were planned while it was overloaded."""
        planned, _ = self._timely()
        return int(np.count_nonzero((planned >= self.begin) & (planned < self.end)))

    @property
    def late(self) -> Values:
        """Seconds that right answers to requests of the overload took, of those that came late."""
        window = self.phase.window
        inside = (window.planned >= self.begin) & (window.planned < self.end) & ~window.silent
        late = inside & np.isfinite(window.response) & (window.response > self.deadline)
        return window.response[late]

    def _timely(self) -> tuple[Values, Flags]:
        window = self.phase.window
        timely: Flags = (window.response <= self.deadline)[~window.silent]
        return window.planned[~window.silent], timely


def run(
    driver: Overloads,
    seconds: float,
    deadline: float,
    *,
    longest: float,
    users: int = 64,
    most: int | None = None,
    seed: int = 1,
) -> Overload | None:
    """Half of the capacity, twice of it for `seconds`, then half of it again, in one phase.

    The capacity is the throughput of a closed ladder that is climbed just before. It ends once
    the service has recovered, or `longest` seconds after the overload. Up to `most` requests
    are in flight, a thousand by default. None where no request was
    answered rightly. Raises LoadError as the Driver does.
    """
    most = most or max(users, ladder.MOST_USERS)
    steps = ladder.climb(driver, most, _LADDER)
    capacity = ladder.peak(steps)
    if capacity <= 0:
        return None
    stages = [(AFTER * capacity, _BEFORE), (TIMES * capacity, seconds)]
    schedule = arrivals.profile([*stages, (AFTER * capacity, longest)], seed=seed)
    end = _BEFORE + seconds
    calm = _Calm(driver, deadline, int(np.searchsorted(schedule, end)), AFTER * capacity)
    many = max(users, min(most, math.ceil(TIMES * capacity * (seconds + deadline))))
    phase = driver.open(schedule, users=many, patience=_PATIENCE, watch=calm)
    return Overload(phase, capacity, deadline, _BEFORE, end, ladder.saturated(steps))


def kinds(rows: Rows) -> Counter[str]:
    """How many requests got no right answer, by what they got instead."""
    failed = rows[has(rows, layout.FAILED)]
    return Counter(_kind(int(row["status"]), int(row["flags"])) for row in failed)


def _kind(status: int, flags: int) -> str:
    if status in _SHED:
        return SHED
    if status and status != 200:
        return f"status {status}"
    if flags & layout.UNSENT:
        return "never sent"
    if flags & layout.UNANSWERED:
        return "unanswered"
    return _WORDS.get(layout.why(flags), "wrong answer")


def recovered(at: Values, timely: Flags, rate: float) -> tuple[float, bool]:
    """Seconds until the last bucket in which more than a tenth was late or failed had passed.

    `at`: planned starts in seconds since the overload ended, shape (n,), in order.
    """
    width = max(_WIDTH, _IN_BUCKET / rate)
    if len(at) == 0:
        return 0.0, False
    buckets = int(at[-1] // width) + 1
    bad = _bad(at, timely, width, buckets)
    if not bad.any():
        return 0.0, True
    last = int(np.flatnonzero(bad)[-1])
    return min((last + 1) * width, float(at[-1])), last + 1 < buckets


def _bad(at: Values, timely: Flags, width: float, buckets: int) -> NDArray[np.bool_]:
    place = (at // width).astype(np.int64)
    n = np.bincount(place, minlength=buckets)
    late = np.bincount(place, weights=~timely, minlength=buckets)
    bad: NDArray[np.bool_] = late > np.maximum(_BAD * n, 1.0)
    return bad


class _Calm:
    """A watch that ends the phase once the answers have been timely for some time."""

    def __init__(self, driver: Overloads, deadline: float, after: int, rate: float) -> None:
        self._driver = driver
        self._deadline = deadline
        self._after = after  # requests before the recovery
        self._calm = math.ceil(_CALM * rate)
        self._calls = 0

    def __call__(self) -> bool:
        """Whether all that was planned in the last seconds has been answered in time."""
        self._calls += 1
        if self._calls % _EVERY:
            return False
        rows = self._driver.rows()
        rows = rows[has(rows, layout.TICKET)]
        if len(rows) < self._after + self._calm:
            return False
        rows = rows[np.argsort(rows["planned"], kind="stable")]
        took = rows["sent"] - rows["planned"] + rows["service"].astype(np.float64)
        good = ~has(rows, layout.FAILED) & (took <= self._deadline)
        return bool(good[-self._calm :].mean() >= 1 - _BAD / 2)
