"""One run inside Locust: tickets for its users, rows for its requests, a line to the gate."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import traceback
from array import array
from pathlib import Path
from typing import Any, NoReturn

import gevent
import gevent.os
from locust import log as locust_log
from locust.runners import LocalRunner

from harness.load.locustside import layout
from harness.load.locustside.asking import Corpus
from harness.load.locustside.dispenser import Dispenser, Ticket
from harness.load.locustside.recorder import Recorder
from harness.load.locustside.users import Refused, prepare
from harness.load.locustside.watching import Watcher

_BEAT = 0.25  # seconds between two lines to the gate
_USERS_WITHIN = 20.0  # seconds for all users to get through their on_start

_sessions: list[Session] = []


def install(events: Any) -> None:
    """Hook one session into Locust's events."""
    told = json.loads(os.environ[layout.VARIABLE])
    session = Session(Path(told["folder"]), told["control"])
    _sessions.append(session)
    events.init.add_listener(session.begin)


def current() -> Session:
    """The session of this process."""
    return _sessions[-1]


class Session:
    """What the gate asked for, and what becomes of it."""

    corpus: Corpus
    _dispenser: Dispenser
    _watcher: Watcher

    def __init__(self, folder: Path, control: int) -> None:
        self._folder = folder
        self._control = control
        self._commands = b""
        self.recorder = Recorder(folder)
        self.carried: dict[Any, Ticket] = {}  # user -> the ticket that it works on
        self._patience = 0.0
        self._spawned = 0

    def begin(self, environment: Any, runner: Any, **_: Any) -> None:
        """Locust is ready: wait for the word, then take charge of its users."""
        if not isinstance(runner, LocalRunner):
            self._refuse("Locust was told to run distributed, by its own configuration file")
        if not environment.user_classes:
            self._refuse("the locustfile has no user class")
        environment.shape_class = None
        try:
            prepare(environment.user_classes, self)
        except Refused as problem:
            self._refuse(str(problem))
        self.recorder.event("ready")
        gevent.os.make_nonblocking(self._control)
        plan = self._command()
        environment.host = plan["base_url"]
        self._equip(plan)
        self._watcher = Watcher(self)
        environment.events.request.add_listener(self._watcher.request)
        environment.events.user_error.add_listener(self._watcher.user_error)
        environment.events.spawning_complete.add_listener(self._spawning_complete)
        gevent.spawn(self._listen)
        gevent.spawn(self._conduct, runner)

    def next_ticket(self, user: Any) -> Ticket:
        """The next planned start for an idle user; what it did not use of the last is recorded."""
        last = self.carried.pop(user, None)
        if last is not None and not last.used:
            self._unused(last, layout.SILENT, last.taken)
            self.recorder.failure("(no request)", 0, "the task ended without any request")
        ticket = self.carried[user] = self._dispenser.take()
        return ticket

    def _equip(self, plan: dict[str, Any]) -> None:
        schedule = array("d")
        path = self._folder / layout.SCHEDULE
        with path.open("rb") as file:
            schedule.fromfile(file, path.stat().st_size // schedule.itemsize)
        self._dispenser = Dispenser(schedule)
        self._patience = plan["patience"]
        requests = self._folder / layout.REQUESTS
        if requests.exists():
            self.corpus = Corpus(requests, plan["base_url"], self.recorder, plan["timeout"])

    def _spawning_complete(self, user_count: int, **_: Any) -> None:
        self._spawned = user_count

    def _conduct(self, runner: Any) -> None:
        try:
            self._await_users()
            gc.collect()
            gc.freeze()  # what exists now will stay: no pause for looking at it again
            origin = time.monotonic() + 0.02
            self._dispenser.start(origin)
            self.recorder.event("started", origin=origin, users=self._spawned)
            self._play(runner)
            self._finish()
        except Exception:
            self.recorder.event("error", message=traceback.format_exc()[-2000:])
            os._exit(70)
        runner.quit()

    def _await_users(self) -> None:
        deadline = time.monotonic() + _USERS_WITHIN
        while not self._spawned or self._dispenser.idle < self._spawned:
            if locust_log.unhandled_greenlet_exception:
                self._refuse("a user could not be made", see_log=True)
            if time.monotonic() > deadline:
                self._refuse(
                    f"{self._dispenser.idle} of {self._spawned} users were ready after "
                    f"{_USERS_WITHIN:g} s: look at on_start"
                )
            gevent.sleep(0.005)

    def _play(self, runner: Any) -> None:
        """Until everything that was planned is answered, or patience ends."""
        deadline: float | None = None
        while True:
            gevent.sleep(_BEAT if deadline is None else 0.02)
            self._beat(runner)
            if not self._dispenser.exhausted:
                continue
            waiting = any(not ticket.used for ticket in self.carried.values())
            if not waiting and not self._dispenser.backlog:
                return
            deadline = deadline or time.monotonic() + self._patience
            if time.monotonic() > deadline:
                return

    def _beat(self, runner: Any) -> None:
        self.recorder.flush()
        self._check_disk()
        self.recorder.event(
            "beat",
            at=time.monotonic(),
            cpu=time.process_time(),
            dealt=self._dispenser.dealt,
            backlog=len(self._dispenser.backlog),
            users=runner.user_count,
        )

    def _finish(self) -> None:
        """What is still open gets its row: every ticket that fell due has exactly one."""
        now = time.monotonic()
        for ticket in self.carried.values():
            if not ticket.used:
                self._unused(ticket, layout.UNANSWERED, ticket.sent or ticket.taken, now)
                why = f"no answer {self._patience:g} s after the last start"
                self.recorder.failure("(no answer)", 0, why)
                ticket.used = True
        for planned in self._dispenser.backlog:
            flags = layout.TICKET | layout.FAILED | layout.QUEUED | layout.UNSENT
            self.recorder.add(planned, now, 0.0, 0, self._no_name(), flags)
        self.recorder.failures()
        self.recorder.flush()
        self.recorder.event("end", dealt=self._dispenser.dealt)
        self._check_disk()

    def _unused(self, ticket: Ticket, why: int, sent: float, now: float | None = None) -> None:
        flags = layout.TICKET | layout.FAILED | why | (layout.QUEUED if ticket.queued else 0)
        service = 0.0 if now is None else now - sent
        self.recorder.add(ticket.planned, sent, service, 0, self._no_name(), flags)

    def _no_name(self) -> int:
        return self.recorder.name(layout.OTHER_NAME)

    def _listen(self) -> None:
        while True:
            command = self._command()
            if command["do"] == "stop":
                self._patience = command["patience"]
                self._dispenser.stop()

    def _command(self) -> dict[str, Any]:
        """The next line from the gate. Where the gate has gone, so do we."""
        while b"\n" not in self._commands:
            data = gevent.os.nb_read(self._control, 65536)
            if not data:
                os._exit(75)
            self._commands += data
        line, _, self._commands = self._commands.partition(b"\n")
        command: dict[str, Any] = json.loads(line)
        return command

    def _check_disk(self) -> None:
        if self.recorder.problem:
            print(self.recorder.problem, file=sys.stderr, flush=True)
            os._exit(74)

    def _refuse(self, message: str, see_log: bool = False) -> NoReturn:
        self.recorder.event("error", message=message, see_log=see_log)
        os._exit(70)
