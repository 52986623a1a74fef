"""Tickets: starts, dealt to idle takers. Busy takers make planned starts late, never lost."""

from __future__ import annotations

import time
from array import array
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import gevent
from gevent.event import Event
from gevent.hub import Waiter, get_hub

from harness.load.locustside.alarm import Alarm

_AT_ONCE = 64  # tickets between two looks at what has been answered
_LATE = 2.0**40  # seconds: an alarm that never rings
_monotonic = time.monotonic


class Taker(Protocol):
    """Whoever sends a request for a ticket, and then calls `Dispenser.back`."""

    def deal(self, planned: float, queued: bool) -> None:
        """Begin with it; runs in the event loop. `queued`: every taker was busy when it was due."""


class Ticket:
    """One start, in the hands of a user."""

    __slots__ = ("failed", "name", "over", "planned", "queued", "sent", "taken", "used")

    def __init__(self, planned: float, queued: bool) -> None:
        self.planned = planned  # seconds of time.monotonic()
        self.queued = queued  # every user was busy when it fell due
        self.taken = _monotonic()
        self.used = False  # a request was recorded for it
        self.failed = False  # and one of its requests failed
        self.over = False  # its phase ended without it
        self.name = ""  # of the request that it waits for, as far as that is known
        self.sent: float | None = None  # when its request went out, while it waits for the answer


class Dispenser:
    """Deals a schedule to whoever is idle: the open model of wrk2 (G. Tene), for any taker.

    In a closed phase it deals to whoever has come back, as long as that may go on.
    """

    def __init__(self, newest_first: bool = False) -> None:
        """`newest_first`: who came back last goes first, so that few connections are warm."""
        self._idle: deque[Taker] = deque()
        self._first: Callable[[], Taker] = self._idle.pop if newest_first else self._idle.popleft
        self._schedule: array[float] = array("d")
        self._origin = 0.0
        self._dealing = False
        self._concurrency = 0  # tickets that a closed phase keeps out; 0: there is a schedule
        self._most = 0.0  # tickets of a closed phase
        self._ends = 0.0  # time.monotonic() of its end
        self.backlog: deque[float] = deque()
        self.dealt = 0  # tickets that fell due so far
        self.out = 0  # tickets in somebody's hands
        self.quiet = Event()  # nothing more will fall due, and nothing is out
        self._alarm = Alarm(get_hub().loop, self._ring)

    @property
    def idle(self) -> int:
        """Takers that wait for a ticket."""
        return len(self._idle)

    @property
    def exhausted(self) -> bool:
        """Whether no ticket will fall due any more."""
        return not self._dealing

    def seat(self, takers: list[Taker]) -> None:
        """These and no others are idle."""
        self._idle.clear()
        self._idle.extend(takers)

    def open(self, schedule: array[float], origin: float) -> None:
        """Deal `schedule`, seconds from `origin`, which is a `time.monotonic()`."""
        self._schedule, self._concurrency = schedule, 0
        self._begin(origin, origin + schedule[0])

    def closed(self, concurrency: int, most: float, seconds: float, origin: float) -> None:
        """Keep `concurrency` tickets out from `origin` on, until `most` or `seconds` are over."""
        self._concurrency, self._most, self._ends = concurrency, most, origin + seconds
        self._begin(origin, origin)

    def stop(self) -> None:
        """Deal nothing that has not fallen due yet."""
        self._dealing = False
        self._hush()

    def give_up(self) -> list[float]:
        """Forget what is out; the planned starts that nobody took."""
        self._dealing = False
        left = list(self.backlog)
        self.backlog.clear()
        self.out = 0
        return left

    def back(self, taker: Taker) -> None:
        """A taker has done with its ticket."""
        self.out -= 1
        self.wait(taker)

    def wait(self, taker: Taker) -> None:
        """A taker is idle: it gets what waits for it, or waits itself."""
        if self.backlog:
            self.out += 1
            taker.deal(self.backlog.popleft(), True)
            return
        self._idle.append(taker)
        if not self._dealing:
            self._hush()
        elif self._concurrency:
            self._deal_another()

    def leave(self, taker: Taker) -> None:
        """A taker is gone: nothing may be dealt to it."""
        if taker in self._idle:
            self._idle.remove(taker)

    def return_(self, planned: float) -> None:
        """A ticket that was dealt to somebody who had gone: the next one takes it."""
        self.out -= 1
        self.backlog.appendleft(planned)

    def _begin(self, origin: float, first: float) -> None:
        self._origin = origin
        self.dealt = self.out = 0
        self.backlog.clear()
        self.quiet.clear()
        self._dealing = True
        self._alarm.set(first)

    def _ring(self) -> None:
        if self._concurrency:
            self._fill()
        else:
            self._deal()

    def _deal(self) -> None:
        """Runs in the event loop: everything that is due goes out."""
        schedule, origin, idle = self._schedule, self._origin, self._idle
        now = _monotonic()
        for _ in range(_AT_ONCE):
            if not self._dealing:
                return
            due = origin + schedule[self.dealt]
            if due > now:
                now = _monotonic()
                if due > now:
                    break
            self.dealt += 1
            if self.dealt == len(schedule):
                self._dealing = False
            if idle:
                self.out += 1
                self._first().deal(due, False)
            else:
                self.backlog.append(due)
        self._alarm.set(due)

    def _fill(self) -> None:
        """Runs in the event loop of a closed phase: as many go out as shall be out."""
        for _ in range(_AT_ONCE):
            if not self._deal_another():
                break
        if self._dealing:
            full = self.out >= self._concurrency or not self._idle
            self._alarm.set(min(self._ends, _LATE) if full else _monotonic())

    def _deal_another(self) -> bool:
        """In a closed phase, hand out one more where that may be."""
        now = _monotonic()
        if now >= self._ends:
            self.stop()
        if not self._dealing or not self._idle or self.out >= self._concurrency:
            return False
        self.dealt += 1
        self.out += 1
        if self.dealt >= self._most:
            self._dealing = False
        self._first().deal(now, False)
        return True

    def _hush(self) -> None:
        if not self.out and not self.backlog:
            self.quiet.set()


class Seat:
    """Where a user's greenlet waits for its ticket."""

    __slots__ = ("_ticket", "_waiter")

    def __init__(self) -> None:
        self._waiter: Waiter[Ticket] = Waiter()
        self._ticket: Ticket | None = None

    def deal(self, planned: float, queued: bool) -> None:
        """Hand it over: at once from the event loop, else from there as soon as may be."""
        self._ticket = ticket = Ticket(planned, queued)
        hub: Any = get_hub()
        if gevent.getcurrent() is hub:
            self._waiter.switch(ticket)
        else:
            hub.loop.run_callback(self._waiter.switch, ticket)

    def take(self, dispenser: Dispenser) -> Ticket:
        """The next ticket of the dispenser, waiting for it as long as that takes."""
        dispenser.wait(self)
        try:
            ticket: Ticket = self._waiter.get()
            return ticket
        except BaseException:
            # Killed while waiting: nothing may be dealt to the dead, and nothing lost with them.
            dispenser.leave(self)
            if self._ticket is not None:
                dispenser.return_(self._ticket.planned)
            raise
