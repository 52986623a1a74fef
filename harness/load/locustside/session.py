"""One session inside Locust: it does what the gate says, phase by phase, until the gate ends it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import gevent
import gevent.os
from gevent import monkey
from gevent.queue import Queue
from locust.runners import LocalRunner

from harness.load.locustside import layout
from harness.load.locustside.client import Client
from harness.load.locustside.corpus import Corpus, Turns
from harness.load.locustside.crew import Crew
from harness.load.locustside.lanes import Lanes
from harness.load.locustside.playing import Player
from harness.load.locustside.recorder import Recorder
from harness.load.locustside.users import Refused, prepare
from harness.load.locustside.watching import Watcher

_PATIENCE = 10.0  # seconds for the last answers of a block
_MOST_TARGETS = 8
_OUTLIVES = 2.0  # seconds by which it may outlive the gate
_HERE = str(Path(__file__).parent)

_sessions: list[Session] = []


def install(events: Any) -> None:
    """Hook one session into Locust's events."""
    told = json.loads(os.environ[layout.VARIABLE])
    thread: Any = monkey.get_original("_thread", "start_new_thread")
    thread(_outlive, (told["control"],))
    session = Session(Path(told["folder"]), told["control"])
    _sessions.append(session)
    events.init.add_listener(session.begin)


def _outlive(control: int) -> None:
    """End with the gate also where a task never yields; what does yield has a moment to do so."""
    poll: Any = monkey.get_original("select", "poll")()
    poll.register(control, 0)  # of a pipe whose other end was closed it tells unasked
    poll.poll()
    monkey.get_original("time", "sleep")(_OUTLIVES)
    os._exit(layout.EXIT_ALONE)


def current() -> Session:
    """The session of this process. Raises RuntimeError where Locust runs without the gate."""
    if not _sessions:
        raise RuntimeError("there is no gate here: run this locustfile by `gate run`")
    return _sessions[-1]


class Session:
    """What the gate asked for, and what becomes of it."""

    crew: Crew | None = None  # users of a locustfile; without one, lanes
    _watcher: Watcher
    before_exit: Callable[[], None] | None = None  # set where others have to be told

    def __init__(self, folder: Path, control: int) -> None:
        self._folder = folder
        self._control = control
        self._unread = b""
        self._phases: Queue[dict[str, Any]] = Queue()
        self._corpus: Corpus | None = None
        self._lanes: dict[str, Lanes] = {}
        self._compared = 0  # requests that blocks have gone through
        self._phase: dict[str, Any] = {}  # that users work on
        self._turns: Turns | None = None  # of that phase, once one of them asks
        self.recorder = Recorder(folder)
        self._player = Player(folder, self.recorder, self._check_disk)

    def begin(self, environment: Any, runner: Any, **_: Any) -> None:
        """Locust is ready: wait for the word, then take charge of its users."""
        if self.before_exit is None and not isinstance(runner, LocalRunner):
            self.refuse("Locust was told to run distributed, by its own configuration file")
        if not environment.user_classes:
            self.refuse("the locustfile has no user class")
        environment.shape_class = None
        try:
            prepare(environment.user_classes, self)
        except Refused as problem:
            self.refuse(str(problem))
        self.recorder.event("ready")
        self._check_disk()
        gevent.os.make_nonblocking(self._control)
        first = self._command()
        if first["do"] == "quit":
            os._exit(0)
        if not all(getattr(cls, "by_lanes", False) for cls in environment.user_classes):
            self.recorder.phase = first["id"]  # what users send before their first ticket
            self.crew = Crew(environment, runner, self.recorder, self.refuse)
            self._watcher = Watcher(self.recorder, self.crew.carried)
            self._watcher.listen(environment.events)
        self._watch_loop()
        self._phases.put(first)
        gevent.spawn(self._listen, runner)
        gevent.spawn(self._conduct)

    @property
    def corpus(self) -> Corpus:
        """The contract's requests."""
        if self._corpus is None:
            path = self._folder / layout.REQUESTS
            if not path.exists():
                self.refuse(f"the contract's requests are wanted, and {path} does not exist")
            self._corpus = Corpus(path, self.recorder)
        return self._corpus

    def next_ticket(self, user: Any) -> None:
        """Wait for the next start of an idle user."""
        assert self.crew is not None
        self.crew.next_ticket(user)

    def asking(self, user: Any, name: str) -> None:
        """A user's client sends a request of this name."""
        if self.crew is not None:
            self.crew.asking(user, name)

    def ask_for(self, user: Any, client: Client) -> bool:
        """Send the contract's next request as a user; whether it was answered rightly."""
        assert self.crew is not None
        if self._turns is None:
            self._turns = self.corpus.turns(client.netloc, self._phase)
        return self.crew.ask(user, client, self._turns.next())

    def refuse(self, message: str, see_log: bool = False) -> NoReturn:
        """Tell the gate why this cannot go on, and end."""
        self.recorder.event("error", message=message, see_log=see_log)
        self._exit(layout.EXIT_REFUSED)

    def _watch_loop(self) -> None:
        """An error of ours in the event loop must not pass for an endpoint that does not answer."""
        hub = gevent.get_hub()
        handle = hub.handle_error

        def handle_error(context: Any, kind: Any, value: Any, trace: Any) -> None:
            handle(context, kind, value, trace)
            ours = any(place.filename.startswith(_HERE) for place in traceback.extract_tb(trace))
            if ours and not isinstance(context, gevent.Greenlet):
                self.refuse(f"{kind.__name__}: {value}; please report this", see_log=True)

        hub.handle_error = handle_error

    def _conduct(self) -> None:
        while True:
            phase = self._phases.get()
            try:
                self._play(phase)
            except Exception:
                self.refuse(traceback.format_exc()[-2000:])

    def _play(self, phase: dict[str, Any]) -> None:
        if phase["kind"] == "blocks":
            # Both sides are asked the same in the same order, and what they were not asked yet.
            phase = {"patience": _PATIENCE, **phase, "first": self._compared}
            sides = [self._ready(target, 1, phase) for target in phase["targets"]]
            self._player.blocks([*sides], phase)
            self._compared = sides[0].turns.at
            return
        play = self._player.open if phase["kind"] == "open" else self._player.closed
        count = phase["users"] if phase["kind"] == "open" else phase["concurrency"]
        if self.crew is None:
            lanes = self._ready(phase["target"], count, phase)
            play(lanes, phase)
            lanes.rest()
        else:
            self.recorder.phase = phase["id"]
            self._phase, self._turns = phase, None
            self._watcher.aim(phase["target"])
            self.crew.ready(phase["target"], count)
            play(self.crew, phase)

    def _ready(self, target: str, count: int, phase: dict[str, Any]) -> Lanes:
        lanes = self._lanes.get(target)
        if lanes is None:
            while len(self._lanes) >= _MOST_TARGETS:
                self._lanes.pop(next(iter(self._lanes))).server.close()
            lanes = Lanes(target, gevent.get_hub().loop, self.corpus, self.recorder)
            self._lanes[target] = lanes
        lanes.ready(count, phase)
        return lanes

    def _listen(self, runner: Any) -> None:
        while True:
            command = self._command()
            if command["do"] == "phase":
                self._phases.put(command)
            elif command["do"] == "stop":
                self._player.stop(command["patience"])
            elif command["do"] == "quit":
                runner.quit()

    def _command(self) -> dict[str, Any]:
        """The next line from the gate. Where the gate has gone, so do we."""
        while b"\n" not in self._unread:
            data = gevent.os.nb_read(self._control, 65536)
            if not data:
                os._exit(layout.EXIT_ALONE)
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        command: dict[str, Any] = json.loads(line)
        return command

    def _check_disk(self) -> None:
        if self.recorder.problem:
            with contextlib.suppress(OSError):  # the log is on the same disk
                print(self.recorder.problem, file=sys.stderr, flush=True)
            self._exit(layout.EXIT_DISK)

    def _exit(self, code: int) -> NoReturn:
        if self.before_exit is not None:
            self.before_exit()
        os._exit(code)
