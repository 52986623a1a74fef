"""Stopping a candidate under open load: every request is followed to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.lifecycle.door import Door
from harness.lifecycle.fates import Fate, fates
from harness.lifecycle.held import Held, finish_all, hold
from harness.lifecycle.notice import Given, Notice, given
from harness.model import Exit
from harness.units import in_base

if TYPE_CHECKING:
    from harness.config import Gate
    from harness.contract import Contract
    from harness.load import Driver, Phase
    from harness.runtime import Endpoint, FirstProcess, ReadyPath

_MOST_RATE = 50.0  # requests a second: in flight is what counts, not how much the machine bears
_BUSY = 0.3  # seconds of traffic before the signal
_LATER = 0.15  # seconds from the signal to the last byte of the held requests
_TAIL = 0.1  # seconds of traffic after the end
_PATIENCE = 0.5  # seconds for what is in flight after that
_BEGIN_WITHIN = 60.0  # seconds: the load generator has limits of its own, with better sentences


@dataclass(frozen=True, slots=True)
class Drain:
    """One stop. Times are seconds after the signal."""

    exit: Exit
    grace: str  # as in gate.toml
    held: int  # requests of which the server had all but the last byte
    lost: tuple[str, ...]  # why those of them that were not answered were not
    fates: tuple[Fate, ...]  # of the traffic beside them, in order of the send
    closed: float | None  # the listening socket was gone; None: not measured
    first: FirstProcess | None  # what the signal was sent to
    notice: Given | None  # None: there is no ready path, or it did not say ready before
    rate: float  # requests a second that were sent
    excuses: tuple[str, ...] = ()  # why the traffic may have fared worse than the candidate is


def stop_under_load(
    gate: Gate, endpoint: Endpoint, contract: Contract, ready: ReadyPath | None, driver: Driver
) -> Drain:
    """Send SIGTERM to a candidate with requests in flight, and follow each to its end.

    In flight are requests of which the server certainly has the head and most of the body, whose
    last byte follows after the signal, and beside them open traffic at the declared rate, at
    most 50 a second. `ready` is asked all the while. The contract must know a valid request.
    Raises LoadError where the load could not be made, EngineError where the engine fails.
    """
    grace = in_base(gate.candidate.grace, "time")
    first = endpoint.first_process()
    driver.answers  # noqa: B018 - made on first use by asking the candidate, which is idle yet
    held = hold(endpoint.base_url, contract.requests())
    rate = min(driver.rate, _MOST_RATE)
    with ExitStack() as stack:
        for one in held:
            stack.callback(one.close)
        notice = stack.enter_context(Notice(endpoint.base_url, ready))
        traffic = stack.enter_context(_Traffic(driver, endpoint.base_url, rate, grace))
        traffic.wait_until_begun()
        time.sleep(_BUSY)
        with Door(first.pid if first else None, _inside(gate, endpoint)) as door:
            signalled = time.monotonic()
            ended = _stop_and_finish(endpoint, held, grace)
            time.sleep(_TAIL)
        phase = traffic.finish()
    closed = door.closed
    return Drain(
        exit=ended,
        grace=gate.candidate.grace,
        held=len(held),
        lost=tuple(one.lost for one in held if one.lost),
        fates=tuple(fates(phase.rows, signalled, closed)),
        closed=None if closed is None else closed.closed_from - signalled,
        first=first,
        notice=given(notice.asked, signalled),
        rate=rate,
        excuses=phase.excuses(),
    )


def _inside(gate: Gate, endpoint: Endpoint) -> int:
    """The port that it listens on, as it sees it itself."""
    if gate.candidate.command is not None:
        return int(endpoint.base_url.rpartition(":")[2])
    return gate.candidate.port


def _stop_and_finish(endpoint: Endpoint, held: Sequence[Held], grace: float) -> Exit:
    """SIGTERM, then the last bytes of what was held back; how the candidate ended."""
    ends: list[Exit] = []
    stopping = _Work(lambda: ends.append(endpoint.stop(grace)))
    time.sleep(_LATER)
    finish_all(held, grace)
    stopping.result()
    return ends[0]


class _Traffic:
    """Open load in a thread, from its begin until it is told that enough was seen."""

    def __init__(self, driver: Driver, base_url: str, rate: float, grace: float) -> None:
        from harness.load.planned.arrivals import schedule

        self._begun, self._over = threading.Event(), threading.Event()
        self._phases: list[Phase] = []
        times = schedule(rate, _BUSY + grace + 20.0, seed=1)
        self._work = _Work(
            lambda: self._phases.append(
                driver.open(
                    times,
                    target=base_url,
                    timeout=grace,
                    patience=_PATIENCE,
                    watch=self._watch,
                )
            )
        )

    def __enter__(self) -> _Traffic:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._work.join()

    def wait_until_begun(self) -> None:
        """Raises what the load generator raised where it could not begin."""
        ends = time.monotonic() + _BEGIN_WITHIN
        while not self._begun.wait(0.01):
            if self._work.done or time.monotonic() > ends:
                self._over.set()
                self._work.result()
                return

    def finish(self) -> Phase:
        """Send nothing more, and wait for what is in flight."""
        self._over.set()
        self._work.result()
        return self._phases[0]

    def _watch(self) -> bool:
        self._begun.set()
        return self._over.is_set()


class _Work:
    """A function in a thread of its own, whose exception is raised where it is waited for."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether it has come to its end."""
        return not self._thread.is_alive()

    def join(self) -> None:
        """Wait for it."""
        self._thread.join()

    def result(self) -> None:
        """Wait for it, and raise what it raised."""
        self._thread.join()
        if self._problem is not None:
            raise self._problem

    def _run(self) -> None:
        try:
            self._function()
        except BaseException as problem:
            self._problem = problem
