"""Tickets: planned starts, dealt to idle users. Busy users make tickets late, never lost."""

from __future__ import annotations

import time
from array import array
from collections import deque

from gevent.hub import Waiter, get_hub

from harness.load.locustside.alarm import Alarm


class Ticket:
    """One planned request, in the hands of a user."""

    __slots__ = ("planned", "queued", "taken", "used", "failed", "sent")

    def __init__(self, planned: float, queued: bool) -> None:
        self.planned = planned  # seconds of time.monotonic()
        self.queued = queued  # every user was busy when it fell due
        self.taken = time.monotonic()
        self.used = False  # a request was recorded for it
        self.failed = False  # and one of its requests failed
        self.sent: float | None = None  # when its request went out, while it waits for the answer


class Dispenser:
    """Deals one schedule to whoever is idle: the open model of wrk2 (G. Tene), for any user."""

    def __init__(self, schedule: array[float]) -> None:
        self._schedule = schedule
        self._next = 0
        self._origin = 0.0
        self._dealing = False
        self._idle: deque[Waiter[Ticket]] = deque()
        self.backlog: deque[float] = deque()
        self._alarm = Alarm(get_hub().loop, self._deal)

    @property
    def idle(self) -> int:
        """Users that wait for a ticket."""
        return len(self._idle)

    @property
    def dealt(self) -> int:
        """Tickets that fell due so far."""
        return self._next

    @property
    def exhausted(self) -> bool:
        """Whether no ticket will fall due any more."""
        return not self._dealing or self._next >= len(self._schedule)

    def start(self, origin: float) -> None:
        """Take `origin`, in seconds of `time.monotonic()`, as the schedule's zero."""
        self._origin = origin
        self._dealing = True
        self._alarm.set(origin + self._schedule[0])

    def stop(self) -> None:
        """Deal nothing that has not fallen due yet."""
        self._dealing = False

    def take(self) -> Ticket:
        """The next ticket, waiting for it as long as that takes."""
        if self.backlog:
            return Ticket(self.backlog.popleft(), queued=True)
        waiter: Waiter[Ticket] = Waiter()
        self._idle.append(waiter)
        try:
            ticket: Ticket = waiter.get()
            return ticket
        except BaseException:
            # Killed while waiting: nothing may be dealt to the dead.
            if waiter in self._idle:
                self._idle.remove(waiter)
            raise

    def _deal(self) -> None:
        """Runs in the event loop: everything that is due goes out."""
        while not self.exhausted:
            due = self._origin + self._schedule[self._next]
            if due > time.monotonic():
                self._alarm.set(due)
                return
            self._next += 1
            if self._idle:
                self._idle.popleft().switch(Ticket(due, queued=False))
            else:
                self.backlog.append(due)
