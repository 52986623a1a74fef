"""The default user: connections that send the contract's requests without any greenlet."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from harness.load.locustside import layout
from harness.load.locustside.corpus import Corpus, Turns, record
from harness.load.locustside.dispenser import Dispenser
from harness.load.locustside.http import Broken, Head
from harness.load.locustside.recorder import Recorder
from harness.load.locustside.server import Server
from harness.load.locustside.wire import Wire

_monotonic = time.monotonic


class Lane(Wire):
    """A taker of tickets with a connection of its own."""

    __slots__ = ("_asked", "_flags", "_lanes", "_planned")

    def __init__(self, lanes: Lanes) -> None:
        super().__init__(lanes.server)
        self._lanes = lanes

    def deal(self, planned: float, queued: bool) -> None:
        """Send the next request for a ticket."""
        lanes = self._lanes
        self._asked = request = lanes.turns.next()
        self._planned = planned
        self._flags = layout.TICKET | layout.QUEUED if queued else layout.TICKET
        self.ask(request.data, request.head, lanes.timeout)

    def answered(self, head: Head, body: bytes) -> None:
        """Record the answer, and be free again."""
        self._over((head, body))

    def broken(self, problem: Broken) -> None:
        """Record that there was none, and be free again."""
        self._over(problem)

    def give_up(self, patience: float) -> None:
        """The phase is over: what is still open gets its row."""
        if self.deadline == float("inf"):
            return
        self._flags |= layout.UNANSWERED
        what = "no connection" if self._connecting else "no answer"
        text = f"{what} {patience:g} s after the last start"
        self._over(Broken(layout.TIMEOUT, text), back=False)
        self.forget()

    def _over(self, answer: tuple[Head, bytes] | Broken, back: bool = True) -> None:
        sent = self.sent
        lanes = self._lanes
        record(
            lanes.recorder,
            self._asked,
            self._planned,
            sent,
            _monotonic() - sent,
            self._flags | self.marks,
            answer,
        )
        if back:
            lanes.dispenser.back(self)


class Lanes:
    """The lanes to one server, and the requests that they send in turn."""

    turns: Turns

    def __init__(self, base_url: str, loop: Any, corpus: Corpus, recorder: Recorder) -> None:
        self.server = Server(base_url, loop)
        self.dispenser = Dispenser(newest_first=True)
        self.recorder = recorder
        self.timeout = 10.0
        self._all: list[Lane] = []
        self._corpus = corpus

    @property
    def users(self) -> int:
        """How many lanes there are in this phase."""
        return len(self._all)

    @property
    def pending(self) -> bool:
        """Whether an answer is awaited."""
        return self.dispenser.out > 0

    def ready(self, count: int, phase: Mapping[str, Any]) -> None:
        """Have `count` lanes, which send the requests as a phase has them."""
        while len(self._all) > count:
            self.server.wires.remove(self._all[-1])
            self._all.pop().forget()
        while len(self._all) < count:
            self._all.append(Lane(self))
        self.dispenser.seat(list(self._all))
        self.timeout = phase["timeout"]
        self.turns = self._corpus.turns(self.server.netloc, phase)

    def rest(self) -> None:
        """Close what is idle: a server with a thread for each connection has others to serve."""
        for lane in self._all:
            lane.forget()

    def unsent(self) -> int:
        """The name of the request whose turn it would have been."""
        return self.turns.next().name

    def give_up(self, patience: float) -> None:
        """What is under way or was never sent gets its row, and is forgotten."""
        for lane in self._all:
            lane.give_up(patience)
