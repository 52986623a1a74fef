"""Candidate and baseline in turn, in short interleaved blocks, until every limit is decided."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from harness.limits import Limit
from harness.load.driving.phases import Phase
from harness.load.driving.record import has
from harness.load.errors import LoadError
from harness.load.locustside import layout
from harness.load.paired.pairing import (
    BASELINE,
    CANDIDATE,
    LEAST_CONFIDENCE,
    Block,
    Pair,
    Ratio,
    kept,
    looks,
    order,
    ratio,
)
from harness.load.paired.turns import Turns
from harness.load.statistics.looks import Look
from harness.model import Measurement, Outcome

LEVELS = {"latency_p50_ratio": "p50", "latency_p90_ratio": "p90"}
FAR = 1000.0  # stands for an end of an interval that is infinite

_LEAST_REQUESTS = 4  # of a block
_WARMING = 10  # requests to each side before the first block, at least
_MOST_WARMING = 300
_WARMING_SHARE = 0.05  # of the time that is given, for each side
_SETTLING = 0.05  # of a block, left out: at its start connection and caches may be cold
_SHORTEST = 1e-5  # seconds of an answer that are reckoned with
_OK = 200
_PATIENCE = 10.0  # seconds beyond the time that is given, for a side that answers no more


class Blocking(Protocol):
    """What is needed of a Driver."""

    def blocks(
        self,
        targets: Sequence[str],
        order: Sequence[int],
        requests: int,
        *,
        watch: Callable[[], bool] | None = None,
    ) -> list[Phase]:
        """One request at a time, `requests` to each target in turn; a Phase for each block.

        Fewer phases where `watch` said that it is enough.
        """


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of candidate beside baseline."""

    pairs: tuple[Pair, ...]  # all, in order of time
    requests: int  # of one block
    confidence: float  # of the look that ended it
    seconds: float  # that were spent on blocks
    ended_early: bool
    how: str  # as `Turns.word`
    why: str
    dead: str = ""  # which side gave no right answer before the first block

    @property
    def judged(self) -> list[Pair]:
        """The pairs that count."""
        return kept(list(self.pairs))

    def ratio(self, name: str) -> Ratio:
        """`latency_p50_ratio` or `latency_p90_ratio`. Raises KeyError for another name."""
        return ratio(self.judged, LEVELS[name], self.confidence)

    def measure(self, name: str) -> Measurement:
        """The ratio as a measurement; a value that is infinite stays so. Raises KeyError."""
        found = self.ratio(name)
        high = min(found.high, max(FAR, found.value))
        return Measurement(name, found.value, low=found.low, high=high, n=found.n)

    def asked(self, side: int) -> tuple[int, int]:
        """Requests to a side, and how many of them got no right answer."""
        blocks = [pair.candidate if side == CANDIDATE else pair.baseline for pair in self.pairs]
        return sum(block.n for block in blocks), sum(block.failed for block in blocks)


def compare(
    driver: Blocking,
    turns: Turns,
    limits: Mapping[str, Limit],
    *,
    seconds: float,
    confidence: float,
    seed: int,
    clock: Callable[[], float] = time.monotonic,
) -> Compared:
    """Ask both sides in turn until every limit is decided, or `seconds` of blocks are spent.

    Statistic: the median over pairs of neighbouring blocks of the log-ratio of block medians (and
    90th percentiles); the interval holds at `confidence` or 98 %, whichever is more, over all
    looks together. Raises LoadError where the load could not be made.
    """
    turns.begin()
    try:
        return _Comparison(driver, turns, limits, seconds, confidence, seed, clock).run()
    finally:
        turns.end()


class _Comparison:
    """One comparison on its way."""

    def __init__(
        self,
        driver: Blocking,
        turns: Turns,
        limits: Mapping[str, Limit],
        seconds: float,
        confidence: float,
        seed: int,
        clock: Callable[[], float],
    ) -> None:
        self._driver, self._turns, self._seconds, self._clock = driver, turns, seconds, clock
        self._limits = {name: limit for name, limit in limits.items() if name in LEVELS}
        self._confidence = max(confidence, LEAST_CONFIDENCE)
        self._chance = np.random.default_rng(seed)
        self._pairs: list[Pair] = []
        self._requests = turns.most_requests
        self._spent = 0.0
        self._warming = _WARMING  # requests

    def run(self) -> Compared:
        """From the warm-up to the look that ends it."""
        took, fastest, dead = self._warm_up()
        if dead:
            return self._compared(self._confidence, False, dead)
        turns, self._spent = self._turns, 0.0
        fitting = int(self._seconds / (2 * turns.wanted_pairs * took))
        self._requests = max(_LEAST_REQUESTS, min(turns.most_requests, fitting))
        # Counted by the fastest answer: where time ends it sooner, its last look comes sooner.
        most = int(self._seconds / (2 * self._requests * fastest))
        most = max(2, min(turns.most_pairs, most))
        risk, spent = 1 - self._confidence, 0.0
        plan = list(looks(most, self._confidence))
        while True:
            look = plan.pop(0)
            self._go_on(look)
            last = not plan or self._over()
            # The last look has whatever the earlier ones left, also where time ended it sooner.
            confidence = 1 - (risk - spent) if last else look.confidence
            decided = self._decided(confidence)
            if decided or last:
                return self._compared(confidence, decided and not last)
            spent += 1 - look.confidence

    def _warm_up(self) -> tuple[float, float, str]:
        """Seconds of a usual request to the slower side, and of the fastest of all requests.

        And which side gives no right answer, if one does not.
        """
        took, fastest = 0.0, math.inf
        for side, who in ((BASELINE, "the baseline"), (CANDIDATE, "the candidate")):
            for requests in (1, _WARMING):
                phase = self._ask(side, requests)
                block = block_of(phase, side)
                if block.failed == block.n:
                    return took, fastest, who
                fastest = min(fastest, float(np.min(phase.tickets["service"])))
            took = max(took, min(block.p50, phase.seconds / block.n), _SHORTEST)
            self._warm(side, took)
        return took, max(fastest, _SHORTEST), ""

    def _warm(self, side: int, took: float) -> None:
        """The candidate has answered thousands of requests before, the baseline only a few.

        What a runtime does at its first hundreds of requests must not make the baseline slow.
        """
        fitting = int(_WARMING_SHARE * self._seconds / took)
        self._warming = max(_WARMING, min(_MOST_WARMING, fitting))
        self._ask(side, self._warming)

    def _go_on(self, look: Look) -> None:
        """Add pairs until the look has all it wants, or time is over.

        Eight blocks at a time: the calibration spin comes between.
        """
        while len(kept(self._pairs)) < look.n and not self._over():
            sides = order(self._chance)
            phases = self._blocks(sides)
            blocks = [block_of(phase, side) for phase, side in zip(phases, sides, strict=False)]
            for at in range(0, len(blocks) - 1, 2):
                pair = dict(zip(sides[at : at + 2], blocks[at : at + 2], strict=True))
                self._pairs.append(Pair(pair[BASELINE], pair[CANDIDATE]))

    def _blocks(self, sides: list[int]) -> list[Phase]:
        if self._turns.together:
            return self._send(self._turns.urls(), sides, self._requests)
        return [self._ask(side, self._requests) for side in sides]

    def _ask(self, side: int, requests: int) -> Phase:
        """One block, where the other side has to make room for it."""
        fresh = self._turns.take(side)
        target = [self._turns.urls()[side]]
        if fresh:
            self._send(target, [0], self._warming)
        return self._send(target, [0], requests)[0]

    def _send(self, targets: Sequence[str], sides: list[int], requests: int) -> list[Phase]:
        begun = self._clock()  # starts are not in it: they last what they last
        enough = self._seconds + _PATIENCE - self._spent
        phases = self._driver.blocks(
            *(targets, sides, requests), watch=lambda: self._clock() - begun > enough
        )
        self._spent += self._clock() - begun
        return phases

    def _over(self) -> bool:
        return self._spent >= self._seconds

    def _decided(self, confidence: float) -> bool:
        """Whether a limit has failed, or all of them pass."""
        seen = self._compared(confidence, False)
        found = [
            limit.judge(seen.measure(name)) if seen.ratio(name).bounded else Outcome.INCONCLUSIVE
            for name, limit in self._limits.items()
        ]
        return Outcome.FAILED in found or Outcome.INCONCLUSIVE not in found

    def _compared(self, confidence: float, early: bool, dead: str = "") -> Compared:
        return Compared(
            pairs=tuple(self._pairs),
            requests=self._requests,
            confidence=confidence,
            seconds=self._spent,
            ended_early=early,
            how=self._turns.word,
            why=self._turns.why,
            dead=dead,
        )


def block_of(phase: Phase, side: int) -> Block:
    """A phase of one block, without its first requests. Raises LoadError where nothing was sent.

    The baseline need not keep the contract of today: any answer of status 200 is one.
    """
    rows = phase.tickets
    if len(rows) == 0:
        raise LoadError(f"a block of requests to {phase.target} holds none; please report this")
    failed = has(rows, layout.FAILED)
    if side == BASELINE:
        failed &= rows["status"] != _OK
    seconds = np.where(failed, np.inf, rows["service"].astype(np.float64))
    settling = max(1, round(_SETTLING * len(rows))) if len(rows) > 1 else 0
    counted = np.sort(seconds[settling:])
    return Block(
        p50=_at(counted, 0.5),
        p90=_at(counted, 0.9),
        n=len(rows),
        failed=int(np.count_nonzero(failed)),
        doubts=phase.doubts(),
        spins=phase.spins or (),
        steal=phase.pressure.steal or 0.0,
    )


def _at(ordered: np.typing.NDArray[np.float64], level: float) -> float:
    """The quantile with interpolation; infinite as soon as an infinite value takes part in it."""
    place = level * (len(ordered) - 1)
    below, above = ordered[int(place)], ordered[min(len(ordered) - 1, int(place) + 1)]
    if place == int(place):
        return float(below)
    part = place - int(place)
    return float("inf") if np.isinf(above) else float(below + part * (above - below))
