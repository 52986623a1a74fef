"""Starts of a candidate, and what each did right after it was ready: was it as ready as it said?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.model import Startup

if TYPE_CHECKING:
    from harness.contract import Contract
    from harness.runtime import ReadyPath

_SECONDS = 0.5
_ONE_ANSWER = 1.0  # seconds, of the ready path
_MOST = 50  # inferences
_PAUSE = 0.01  # seconds between two of them
_READY_EVERY = 0.1  # seconds between two questions to the ready path


@dataclass(frozen=True, slots=True)
class Asked:
    """One real inference after the first."""

    at: float  # seconds after the candidate was ready
    seconds: float  # until its answer
    problem: str  # why there was none, or the 5xx that came; "" where it was answered


@dataclass(frozen=True, slots=True)
class Settled:
    """The first half second of a candidate that had just become ready."""

    asked: tuple[Asked, ...] = ()
    unready: tuple[str, ...] = ()  # what the ready path said where it no longer said ready


@dataclass(frozen=True, slots=True)
class Start:
    """One start, and what came after it where the candidate became ready."""

    startup: Startup
    settled: Settled

    @property
    def took(self) -> tuple[float, ...]:
        """Seconds of each answered inference, the first one included, in order."""
        first = () if self.startup.first is None else (self.startup.first,)
        return (*first, *(one.seconds for one in self.settled.asked if not one.problem))


def settle(base_url: str, contract: Contract, ready: ReadyPath | None) -> Settled:
    """Ask a candidate that is ready one inference after the other, and its ready path beside.

    For half a second, or 50 inferences. Refusals of the request itself (4xx) are the contract's
    business and no fault here.
    """
    from harness.contract import Client

    requests = contract.requests()[:1]
    began = time.monotonic()
    asked: list[Asked] = []
    unready: list[str] = []
    next_look = began + _READY_EVERY
    with Client(base_url) as client:
        while requests and len(asked) < _MOST and time.monotonic() < began + _SECONDS:
            at = time.monotonic()
            answer = client.send(requests[0])
            bad = answer.error or (f"status {answer.status}" if answer.status >= 500 else "")
            asked.append(Asked(at - began, time.monotonic() - at, bad))
            if ready is not None and time.monotonic() >= next_look:
                next_look = time.monotonic() + _READY_EVERY
                said = ready.ask(base_url, _ONE_ANSWER)
                # Without an answer: it may serve one connection at a time, and this one is kept.
                unready += [said.why] if said.answered and said.why else []
            time.sleep(_PAUSE)
    return Settled(tuple(asked), tuple(unready))
