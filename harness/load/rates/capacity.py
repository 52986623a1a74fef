"""Capacity: the highest rate that keeps the limits, as an interval between two that were tried."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from harness.load.rates import ladder, usl
from harness.load.rates.ladder import Closed, Step
from harness.load.rates.probes import FEWEST, Open, Probe, Terms, lasts, probe
from harness.model import Outcome

_CLIMBING = 0.25  # of the time, at most
_FIRST = 0.7  # of the throughput that the ladder found
_CLOSE = 1.10  # between the two rates of the interval: near enough
_DOWN = 0.6
_BEYOND = 1.1  # times the throughput of the ladder, beyond which no rate can be kept for long
_ENOUGH = 0.8  # of the time that a probe should have
_UNKNOWN = 4.0  # the same for a ladder that ended before the service was saturated
_MOST = 24  # probes
_REST = 5.0  # seconds, until a queue that a probe has left behind is gone
_RESTED = 2.0  # times the time of one request at a time


class Drives(Closed, Open, Protocol):
    """What the search needs of a Driver."""


@dataclass(frozen=True, slots=True)
class Try:
    """A rate that is about to be probed."""

    rate: float
    terms: Terms
    seconds: float  # that it takes to be judged


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a search found. Rates are requests a second."""

    terms: Terms
    steps: tuple[Step, ...]
    probes: tuple[Probe, ...]
    law: usl.Law | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def low(self) -> float:
        """The highest rate that surely kept the limits; zero where none did."""
        return _bracket(self.probes)[0] or 0.0

    @property
    def high(self) -> float | None:
        """The lowest rate that surely did not, or else what the service can do at all.

        None where neither is known, as the load generator was the limit, or the ladder ended too
        soon.
        """
        high = _bracket(self.probes)[1]
        if high is not None or not self.steps or any(step.doubts for step in self.steps):
            return high
        if not ladder.saturated(self.steps):
            return None
        return max(self.low, _BEYOND * ladder.peak(self.steps))

    @property
    def peak(self) -> float:
        """Right answers a second at the most, whatever their latency."""
        return ladder.peak(self.steps)


def search(
    driver: Drives,
    terms: Terms,
    seconds: float,
    *,
    users: int,
    most: int | None = None,
    seed: int = 1,
    known: Sequence[Probe] = (),
) -> Capacity:
    """Look for the highest rate that keeps the limits, for about `seconds`.

    A closed ladder brackets it: no rate above the throughput of a saturated service can be kept.
    Open probes then verify it, each judged by intervals like any other run, until the highest
    rate that surely passed and the lowest that surely failed lie within a tenth. Searching by
    single verdicts alone, as a bisection does, follows the noise. `users` is how many requests
    may be in flight by [load]; up to `most` are used, a thousand by default, where latency times
    rate wants it. `known` are rates that were judged before. Where the interval stays wider than
    that because rates in it were undecided, these are tried again, for twice as long each time,
    while there is time left. Raises LoadError as the Driver does.
    """
    ends = time.monotonic() + seconds
    most = most or max(users, ladder.MOST_USERS)

    def at_once(rate: float) -> int:
        return min(most, max(users, math.ceil(4 * rate * (terms.tightest or 0.25))))

    steps = ladder.climb(driver, most, _CLIMBING * seconds)
    probes = list(known)
    short = "no right answer came while the ladder was climbed"
    if ladder.peak(steps) > 0:
        short = _verify(driver, terms, ends, steps, probes, at_once, seed)
    law = usl.fit([step.concurrency for step in steps], [step.throughput for step in steps])
    return Capacity(terms, steps, tuple(probes), law, _notes(steps, probes, short))


def _verify(
    driver: Drives,
    terms: Terms,
    ends: float,
    steps: Sequence[Step],
    probes: list[Probe],
    at_once: Callable[[float], int],
    seed: int,
) -> str:
    """Add probes until `ends`, a time.monotonic(); what was missing to go on, "" for nothing."""
    peak = ladder.peak(steps)
    short = ""
    while len(probes) < _MOST:
        rate = next_rate(probes, peak, _BEYOND if ladder.saturated(steps) else _UNKNOWN)
        left = ends - time.monotonic()
        if rate is None:
            tries = (again(probes, unsure, terms) for unsure in undecided(probes))
            one = next((one for one in tries if one.seconds <= left), None)
        else:
            one = again(probes, rate, terms)
        if one is None:
            break
        if left < _ENOUGH * one.seconds:
            short = f"{one.rate:.4g} /s takes {one.seconds:.0f} s to be judged; raise load.capacity"
            if left < FEWEST / one.rate:
                break  # what fails beyond doubt does so sooner, but not as soon as that
        seconds = min(left, one.seconds)
        number = seed + len(probes)
        probes.append(probe(driver, one.rate, one.terms, seconds, at_once(one.rate), number))
        if probes[-1].outcome is not Outcome.PASSED:
            _rest(driver, steps[0], min(_REST, left))
    return _wide(probes) or short


def next_rate(probes: Sequence[Probe], peak: float, beyond: float = _BEYOND) -> float | None:
    """The rate to be tried next; None where the interval is as narrow as it will get.

    Half-way between what passed and what failed, or what the ladder says cannot be kept. An
    undecided rate is near the border: then half-way to it, from the side that is farther away.
    `beyond` times the peak of the ladder is what cannot be kept.
    """
    low, failed = _bracket(probes)
    if low is None and not probes:
        return _FIRST * peak
    high = beyond * peak if failed is None else failed
    unsure = [one.rate for one in probes if one.outcome is Outcome.INCONCLUSIVE]
    unsure = [rate for rate in unsure if (low or 0) < rate < high]
    first, last = (min(unsure), max(unsure)) if unsure else (high, high)
    below, above = first / low if low else math.inf, high / last
    if max(below, above) <= _CLOSE:
        return None
    if above > below:
        return math.sqrt(last * high)
    return math.sqrt(low * first) if low else _DOWN * first


def undecided(probes: Sequence[Probe]) -> list[float]:
    """Rates to be tried again, as they keep the interval wide; none where it is narrow.

    Those that were tried less often come first, and of these the middle one: once it is decided,
    so are those on one side of it.
    """
    low, high = _bracket(probes)
    unsure = Counter(one.rate for one in probes if one.outcome is Outcome.INCONCLUSIVE)
    inside = sorted(rate for rate in unsure if (low or 0.0) < rate < (high or math.inf))
    if not inside or (low and high and high / low <= _CLOSE):
        return []
    middle = (len(inside) - 1) / 2
    return sorted(inside, key=lambda rate: (unsure[rate], abs(inside.index(rate) - middle)))


def again(probes: Sequence[Probe], rate: float, terms: Terms) -> Try:
    """The next try of a rate, each twice as long as the last.

    Each may be wrong half as often as the last: all of them together hardly more than one.
    """
    tries = sum(one.rate == rate for one in probes)
    strict = replace(terms, confidence=1 - (1 - terms.confidence) / 2**tries)
    return Try(rate, strict, 2**tries * lasts(rate, strict, math.inf))


def _bracket(probes: Sequence[Probe]) -> tuple[float | None, float | None]:
    """The highest rate that passed below the lowest that failed, and that one."""
    high = min((one.rate for one in probes if one.outcome is Outcome.FAILED), default=None)
    passed = [one.rate for one in probes if one.outcome is Outcome.PASSED]
    return max((rate for rate in passed if high is None or rate < high), default=None), high


def _wide(probes: Sequence[Probe]) -> str:
    """Why the interval is wider than could be wished for; "" where it is not."""
    unsure = undecided(probes)
    if not unsure:
        return ""
    rate = unsure[-1]
    why = [one.why for one in probes if one.rate == rate]
    tries = "" if len(why) == 1 else f", tried {len(why)} times"
    return (
        f"the interval stays wide, as {rate:.4g} /s{tries} stayed undecided ({why[-1]}); raise "
        "load.capacity, which gives it more time, or give this machine less other work"
    )


def _rest(driver: Closed, alone: Step, longest: float) -> None:
    """Wait until one request at a time is about as fast again as it was alone."""
    ends = time.monotonic() + longest
    while time.monotonic() < ends:
        again = ladder.measured(driver.closed(1, seconds=0.3), 1, 0.3)
        if again.p50 <= _RESTED * alone.p50:
            return


def _notes(steps: Sequence[Step], probes: Sequence[Probe], short: str) -> tuple[str, ...]:
    odd = [f"{step.concurrency} at a time: {step.doubts[0]}" for step in steps if step.doubts]
    tried = [_tried(word, [p for p in probes if p.outcome is kind]) for kind, word in _WORDS]
    told = "; ".join(text for text in tried if text)
    return tuple(text for text in (*odd[:2], told, short) if text)


def _tried(word: str, probes: Sequence[Probe]) -> str:
    """Rates that came to the same end, and why the lowest of them did."""
    ordered = sorted(probes, key=lambda one: one.rate)
    if not ordered:
        return ""
    why = f" (the first: {ordered[0].why})" if len(ordered) > 1 else f" ({ordered[0].why})"
    rates = ", ".join(f"{one.rate:.4g}" for one in ordered)
    return f"{rates} /s {word}" + (why if ordered[0].why else "")


_WORDS = (
    (Outcome.PASSED, "kept the limits"),
    (Outcome.INCONCLUSIVE, "stayed undecided"),
    (Outcome.FAILED, "did not keep them"),
)
