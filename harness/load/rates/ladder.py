"""A ladder of rising concurrency in a closed loop: how much the service can do at all."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from harness.load.driving.phases import Phase
from harness.load.driving.record import has
from harness.load.locustside import layout

MOST_USERS = 1000  # requests in flight, more than which tell little of one container
_RAMP = 0.2  # of a step, until as many are in flight as are meant to be
_LONGEST = 1.5  # seconds of a step, but for slow services
_SHORTEST = 0.5
_STEPS = 9  # that a ladder has time for
_GAIN = 1.05  # less than that is no more
_IDLE = 2  # steps without a gain, after which the service is taken to be saturated
_OFF = 0.15  # of the concurrency: what Little's law may miss it by
_LEAST = 20  # answers, fewer of which make no step
_TURNS = 10  # answers for each request in flight, before Little's law says anything
_BROKEN = 0.5  # share of failures beyond which more load tells nothing


class Closed(Protocol):
    """What a ladder needs of a Driver."""

    def closed(
        self, concurrency: int, *, seconds: float | None = None, requests: int | None = None
    ) -> Phase:
        """So many takers, each of which sends its next request once it has its answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """One concurrency, in the steady part of its phase. Times are seconds."""

    concurrency: int
    throughput: float  # right answers a second
    p50: float  # of the right answers; not a number where none came
    p99: float
    in_flight: float  # answers a second times their mean time: Little's law
    n: int  # answers
    failed: float  # share of them that were none, or wrong
    doubts: tuple[str, ...] = ()


def climb(driver: Closed, most: int, seconds: float) -> tuple[Step, ...]:
    """One, two, four, ... requests at a time until more of them bring no more answers.

    Up to `most` at a time, for about `seconds` in all. Raises LoadError as the Driver does.
    """
    began = time.monotonic()
    each = min(_LONGEST, max(_SHORTEST, seconds / _STEPS))
    steps: list[Step] = []
    concurrency = 1
    while concurrency <= most:
        step = measured(driver.closed(concurrency, seconds=each), concurrency, each)
        if step.n < _LEAST and each < seconds / 4:
            each = min(seconds / 4, 4 * each)  # a slow service: the same step again, longer
            continue
        steps.append(step)
        if saturated(steps) or time.monotonic() - began + each > seconds:
            break
        concurrency *= 2
    return tuple(steps)


def measured(phase: Phase, concurrency: int, seconds: float) -> Step:
    """What the steady part of a closed phase of so many seconds tells."""
    rows = phase.tickets
    ended = rows["sent"] + rows["service"].astype(np.float64)
    first, last = phase.start + _RAMP * seconds, phase.start + seconds
    inside = rows[(ended >= first) & (ended < last)]
    right = ~has(inside, layout.FAILED)
    took = inside["sent"] - inside["planned"] + inside["service"].astype(np.float64)
    n, good = len(inside), took[right]
    in_flight = n / (last - first) * float(took.mean()) if n else 0.0
    return Step(
        concurrency=concurrency,
        throughput=len(good) / (last - first),
        p50=float(np.quantile(good, 0.5)) if len(good) else math.nan,
        p99=float(np.quantile(good, 0.99)) if len(good) else math.nan,
        in_flight=in_flight,
        n=n,
        failed=1 - len(good) / n if n else 1.0,
        doubts=(*phase.doubts(), *_little(concurrency, in_flight, n)),
    )


def _little(concurrency: int, in_flight: float, n: int) -> tuple[str, ...]:
    """J. D. C. Little, A Proof for the Queuing Formula L = lambda W, Operations Research 9, 1961.

    In a closed loop L is known: where the measured throughput and times do not give it back, the
    load generator did not keep so many in flight.
    """
    if n < _TURNS * concurrency or abs(in_flight - concurrency) <= _OFF * concurrency:
        return ()
    return (
        f"{in_flight:.1f} requests were in flight where {concurrency} were meant to be: the load "
        "generator, not the service, was the limit",
    )


def saturated(steps: Sequence[Step]) -> bool:
    """Whether more at a time brought no more, or mostly failures."""
    if len(steps) <= _IDLE:
        return bool(steps) and steps[-1].failed > _BROKEN
    if steps[-1].failed > _BROKEN:
        return True
    before = max(step.throughput for step in steps[:-_IDLE])
    return max(step.throughput for step in steps[-_IDLE:]) < _GAIN * before


def peak(steps: Sequence[Step]) -> float:
    """The most right answers a second that any step brought; zero where none came."""
    return max((step.throughput for step in steps), default=0.0)
