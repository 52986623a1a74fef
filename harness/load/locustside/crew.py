"""The users of a locustfile: made for one server, given tickets, and made anew for another."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NoReturn

import gevent
from locust import log as locust_log
from locust.runners import LocalRunner, WorkerNode

from harness.load.locustside import layout
from harness.load.locustside.client import Client
from harness.load.locustside.corpus import Request, record
from harness.load.locustside.dispenser import Dispenser, Seat, Ticket
from harness.load.locustside.recorder import Recorder

_USERS_WITHIN = 20.0  # seconds for all users to get through their on_start
_NO_NAME = "(no answer)"
_TO_COME_BACK = 1.0  # seconds for users to end what they did for the phase before


class Crew:
    """Locust's users as takers of tickets. `refuse` ends the process with a reason."""

    def __init__(
        self, environment: Any, runner: Any, recorder: Recorder, refuse: Callable[..., NoReturn]
    ) -> None:
        self._environment = environment
        self._runner = runner
        self._recorder = recorder
        self._refuse = refuse
        self._target: str | None = None
        self._count = 0  # users that were wanted
        self._spawned = 0
        self.carried: dict[Any, Ticket] = {}  # user -> the ticket that it works on
        self.dispenser = Dispenser()
        self._start = self._take_over(runner)

    @property
    def users(self) -> int:
        """How many there are now."""
        return int(self._runner.user_count)

    @property
    def pending(self) -> bool:
        """Whether a ticket that was taken has no request yet."""
        return any(not ticket.used for ticket in self.carried.values())

    def next_ticket(self, user: Any) -> Ticket:
        """The next start for an idle user; what it did not use of the last is recorded."""
        last = self.carried.pop(user, None)
        if last is not None and not last.over:
            self.dispenser.out -= 1
            if not last.used:
                self._unused(last, layout.SILENT, last.taken)
                self._recorder.failure("(no request)", 0, "the task ended without any request")
        ticket = self.carried[user] = Seat().take(self.dispenser)
        return ticket

    def ready(self, target: str, count: int) -> None:
        """Have `count` idle users that ask `target`."""
        stuck = not self._all_idle(_TO_COME_BACK)
        if self._target is not None and (stuck or target != self._target):
            self._runner.stop()
            self.carried.clear()
        elif count == self._count:
            return
        self._target = self._environment.host = target
        self._count, self._spawned = count, 0
        self._start(count)
        self._await(_USERS_WITHIN)

    def ask(self, user: Any, client: Client, request: Request) -> bool:
        """Send a request of the contract as a user; whether it was answered rightly."""
        ticket = self.carried.get(user)
        planned: float | None = None
        flags = 0
        if ticket is not None and not ticket.used:
            planned = ticket.planned
            flags = layout.TICKET | (layout.QUEUED if ticket.queued else 0)
            ticket.name, ticket.sent = request.label, time.monotonic()
        went = client.ask(request.data, request.head)
        if ticket is not None:
            if ticket.over:
                return False  # its phase has ended without it
            ticket.used = True
        planned = went.sent if planned is None else planned
        flags |= went.marks
        right = record(
            self._recorder, request, planned, went.sent, went.service, flags, went.answer
        )
        if ticket is not None:
            ticket.failed = ticket.failed or not right
        return right

    def asking(self, user: Any, name: str) -> None:
        """A user sends a request of this name: that is what its ticket then waits for."""
        ticket = self.carried.get(user)
        if ticket is not None and not ticket.used:
            ticket.name = name

    def unsent(self) -> int:
        """Nobody can tell what a user would have sent."""
        return self._recorder.name(layout.OTHER_NAME)

    def give_up(self, patience: float) -> None:
        """What is still open gets its row: every ticket that fell due has exactly one."""
        now = time.monotonic()
        late = f"{patience:g} s after the last start"
        for user, ticket in self.carried.items():
            if not ticket.used and _asleep(user):
                self._unused(ticket, layout.SILENT, ticket.taken)
                self._recorder.failure("(no request)", 0, f"the task had sent no request {late}")
            elif not ticket.used:
                sent = ticket.sent or ticket.taken
                why = layout.UNANSWERED | layout.TIMEOUT << layout.WHY_SHIFT
                self._unused(ticket, why, sent, now)
                unknown = "" if ticket.name else "; which request that was is not known"
                self._recorder.failure(ticket.name or _NO_NAME, 0, f"no answer {late}{unknown}")
            ticket.used = ticket.over = True

    def _take_over(self, runner: Any) -> Callable[[int], None]:
        """From now on only the crew makes users: Locust would make them before they have a host."""
        if isinstance(runner, LocalRunner):
            start = runner.start
            setattr(runner, "start", _nothing)
            self._environment.events.spawning_complete.add_listener(self._spawning_complete)
            return lambda count: start(count, spawn_rate=count)
        start_worker = runner.start_worker
        setattr(runner, "start_worker", _nothing)
        return lambda count: self._start_worker(start_worker, count)

    def _spawning_complete(self, user_count: int, **_: Any) -> None:
        self._spawned = user_count

    def _start_worker(self, start: Callable[[dict[str, int]], None], count: int) -> None:
        """As many users of each class as Locust itself would have on one machine."""
        node = WorkerNode("here")
        classes = self._runner.user_classes
        dispatcher = self._environment.dispatcher_class(worker_nodes=[node], user_classes=classes)
        dispatcher.new_dispatch(count, count)
        counts = list(dispatcher)[-1][node.id]
        start(counts)
        self._spawned = sum(counts.values())

    def _all_idle(self, within: float) -> bool:
        deadline = time.monotonic() + within
        while self.dispenser.idle < self._runner.user_count:
            if time.monotonic() > deadline:
                return False
            gevent.sleep(0.005)
        return True

    def _await(self, within: float) -> None:
        """Until all are idle. Locust says how many it made only a second after it has made them."""
        deadline = time.monotonic() + within
        while self.dispenser.idle < (self._spawned or self._count) or self.users > self._count:
            if locust_log.unhandled_greenlet_exception:
                self._refuse("a user could not be made", see_log=True)
            if time.monotonic() > deadline:
                self._refuse(
                    f"{self.dispenser.idle} of {self._spawned or self._count} users were ready "
                    f"after {within:g} s: look at on_start"
                )
            gevent.sleep(0.005)

    def _unused(self, ticket: Ticket, why: int, sent: float, now: float | None = None) -> None:
        flags = layout.TICKET | layout.FAILED | why | (layout.QUEUED if ticket.queued else 0)
        service = 0.0 if now is None else now - sent
        name = self._recorder.name(ticket.name or layout.OTHER_NAME)
        self._recorder.add(ticket.planned, sent, service, 0, name, flags)


def _asleep(user: Any) -> bool:
    """Whether its task sleeps by its own will, so that no server keeps it waiting."""
    frame = getattr(getattr(user, "_greenlet", None), "gr_frame", None)
    return frame is not None and frame.f_code is gevent.sleep.__code__


def _nothing(*_: Any, **__: Any) -> None:
    """What is left of Locust's own making of users."""
