"""Probes: one rate for some seconds, held against the limits by their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from harness.limits import Limit
from harness.load.driving.phases import Phase
from harness.load.driving.record import Rows, has
from harness.load.driving.window import Values
from harness.load.locustside import layout
from harness.load.planned import arrivals
from harness.load.planned.arrivals import Times
from harness.load.statistics import intervals
from harness.load.statistics.looks import needed
from harness.load.traffic import FAILED_MS, Traffic, quantile
from harness.model import Measurement, Outcome

FEWEST = 100  # requests, before which no probe is given up
SETTLE = 0.1  # of a probe, in which queues come to what they are
_SPARE = 1.3  # times the fewest requests that could decide
_SHORTEST = 2.0  # seconds
_HOPELESS = 0.3  # share of late and failed answers after which a probe need not go on
_EVERY = 10  # of the watch's calls
_RISE = 2.0  # times the median, from the first to the last third: a queue that grows
_MATTERS = 0.1  # of the tightest limit: a rise of less is none
_PATIENCE = 2.0  # seconds


class Open(Protocol):
    """What a probe needs of a Driver."""

    def open(
        self,
        schedule: Times,
        *,
        users: int | None = None,
        patience: float | None = None,
        watch: Callable[[], bool] | None = None,
    ) -> Phase:
        """Send each request at its planned start."""

    def rows(self) -> Rows:
        """Rows of the running phase so far."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rate has to keep."""

    limits: Mapping[str, Limit]  # on percentiles of the latency and on errors
    confidence: float

    @classmethod
    def of(cls, limits: Mapping[str, Limit], confidence: float) -> Terms:
        """Those of a family's limits that a probe can hold a rate against: on all its requests."""
        known = {
            name: limit
            for name, limit in limits.items()
            if "{" not in name and (quantile(name) is not None or name == "error_rate")
        }
        return cls(known, confidence)

    @property
    def tightest(self) -> float | None:
        """The tightest limit on a latency, seconds; None without one."""
        found = [limit.in_unit("s") for k, limit in self.limits.items() if quantile(k) is not None]
        return min(found, default=None)

    @property
    def needed(self) -> int:
        """Fewest requests by which every percentile could be bounded."""
        levels = [_level(name, limit) for name, limit in self.limits.items()]
        return max([needed(level, self.confidence) for level in levels], default=FEWEST)

    def measure(self, name: str, response: Values) -> Measurement:
        """One of `limits`, of response times in seconds that are infinite where it failed."""
        level = quantile(name)
        if level is None:
            found = intervals.share(np.isinf(response), self.confidence)
            low, value, high = (100 * end for end in (found.low, found.value, found.high))
            return Measurement(name, value, "%", low=low, high=high, n=found.n)
        found = intervals.percentile(response, level, self.confidence)
        low, value, high = (min(1e3 * e, FAILED_MS) for e in (found.low, found.value, found.high))
        return Measurement(name, value, "ms", low=low, high=high, n=found.n)


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of one rate."""

    rate: float  # requests a second, as they were sent
    outcome: Outcome  # inconclusive: neither kept nor broken for sure
    n: int  # requests that it was judged by
    p50: float  # seconds; infinite where half of them failed
    p99: float
    why: str = ""  # the limit that it broke, or what is in doubt


def probe(driver: Open, rate: float, terms: Terms, seconds: float, users: int, seed: int) -> Probe:
    """Send `rate` for so long, or until it is hopeless, and judge it."""
    schedule = arrivals.schedule(rate, seconds, seed=seed)
    hopeless = _Hopeless(driver, terms)
    phase = driver.open(schedule, users=users, patience=_PATIENCE, watch=hopeless)
    return judged(phase, rate, terms)


def lasts(rate: float, terms: Terms, longest: float) -> float:
    """Seconds that a probe of this rate takes, at most `longest`."""
    return min(longest, max(_SHORTEST, _SPARE * terms.needed / rate / (1 - SETTLE)))


def judged(phase: Phase, rate: float, terms: Terms) -> Probe:
    """Whether the rate kept every limit: surely, surely not, or neither."""
    window = phase.window
    steady = window.planned >= SETTLE * (window.planned[-1] if len(window.planned) else 0.0)
    response = window.response[steady & ~window.silent]
    outcome, why = _outcome(response, terms)
    doubts = phase.doubts() if outcome is Outcome.PASSED else _all_doubts(phase, terms)
    if doubts and outcome is not Outcome.INCONCLUSIVE:
        outcome, why = Outcome.INCONCLUSIVE, doubts[0]
    p50, p99 = (_quantile(response, level) for level in (0.5, 0.99))
    return Probe(rate, outcome, len(response), p50, p99, why)


def of_run(traffic: Traffic, terms: Terms) -> list[Probe]:
    """The main run as a probe of its rate; none where it had no single rate, or shows nothing.

    Its own intervals have the price of its looks taken off already.
    """
    measured = {name: traffic.measure(name) for name in terms.limits}
    outcomes = {
        terms.limits[name].judge(item) for name, item in measured.items() if item is not None
    }
    if traffic.doubts or None in measured.values():
        return []
    if outcomes == {Outcome.PASSED}:
        outcome = Outcome.PASSED
    elif Outcome.FAILED in outcomes and not traffic.excuses:
        outcome = Outcome.FAILED
    else:
        return []
    p50, p99 = (_quantile(traffic.response, level) for level in (0.5, 0.99))
    return [Probe(traffic.rate, outcome, traffic.n, p50, p99, "the main run")]


def _level(name: str, limit: Limit) -> float:
    """The quantile that has to be bounded: for at most 1 % of errors the 99th percentile."""
    level = quantile(name)
    return min(0.9999, max(0.5, 1 - limit.in_unit("%") / 100)) if level is None else level


def _all_doubts(phase: Phase, terms: Terms) -> tuple[str, ...]:
    return (*phase.doubts(), *phase.excuses(terms.tightest))


def _outcome(response: Values, terms: Terms) -> tuple[Outcome, str]:
    if len(response) == 0:
        return Outcome.INCONCLUSIVE, "no request was sent"
    undecided = _rising(response, terms)
    for name, limit in terms.limits.items():
        measured = terms.measure(name, response)
        outcome = limit.judge(measured)
        if outcome is Outcome.FAILED:
            return outcome, f"{name} {measured.value:.4g} {measured.unit}, limit {limit.text}"
        if outcome is Outcome.INCONCLUSIVE:
            undecided = (
                f"{name} is between {measured.low:.4g} and {measured.high:.4g} {measured.unit}"
            )
    return (Outcome.INCONCLUSIVE, undecided) if undecided else (Outcome.PASSED, "")


def _rising(response: Values, terms: Terms) -> str:
    """A queue that grows has not broken the limit yet, and will."""
    third = len(response) // 3
    if third < intervals.BATCHES:
        return ""
    first, last = (_quantile(part, 0.5) for part in (response[:third], response[-third:]))
    if last <= _RISE * first or last - first <= _MATTERS * (terms.tightest or 0.0):
        return ""
    return f"the median rose from {first * 1e3:.3g} to {last * 1e3:.3g} ms: a queue grows"


def _quantile(values: Values, level: float) -> float:
    if len(values) == 0:
        return math.nan
    return float(np.quantile(values, level, method="inverted_cdf"))


class _Hopeless:
    """A watch that ends a probe in which so much is late that no interval is needed."""

    def __init__(self, driver: Open, terms: Terms) -> None:
        self._driver = driver
        self._bound = terms.tightest or math.inf
        self._calls = 0

    def __call__(self) -> bool:
        self._calls += 1
        if self._calls % _EVERY:
            return False
        rows = self._driver.rows()
        rows = rows[has(rows, layout.TICKET)]
        took = rows["sent"] - rows["planned"] + rows["service"].astype(np.float64)
        late = has(rows, layout.FAILED) | (took > self._bound)
        return len(rows) >= FEWEST and float(late.mean()) > _HOPELESS
