"""Traffic: what one load run saw, and the measurements that follow from it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from harness import binomial, labels
from harness.load import names
from harness.load.driving.phases import Failure, Phase
from harness.load.driving.window import Values, Window
from harness.load.statistics import intervals
from harness.load.statistics.looks import needed
from harness.load.trust.floor import matters
from harness.model import Measurement, Usage

FAILED_MS = 3_600_000.0  # a failed request counts as one hour, where a number must be written
_PERCENTILE = re.compile(r"(latency|service|lateness)_p(\d{1,2})(?:_(\d+))?")
_FLOORS = 2.0  # a limit nearer to the floor than that is a limit on the load generator


@dataclass(frozen=True, slots=True)
class WarmUp:
    """The part of the run that is not judged."""

    n: int
    errors: int
    slowest_ms: float | None  # of the requests that were answered
    seconds: float = 0.0  # that it lasted


@dataclass(frozen=True, slots=True)
class Traffic:
    """One load run. Response times count from the planned start, service times from the send."""

    rate: float  # offered, requests a second
    users: int  # requests in flight at most
    seed: int
    confidence: float  # of every interval, with the price of looking early taken off
    ended_early: bool
    window: Window
    warmup: WarmUp
    names: Mapping[int, str] = field(default_factory=dict)  # of the window's numbers
    failures: tuple[Failure, ...] = ()
    usage: tuple[Usage, ...] = ()  # of the endpoint, in order of time
    memory_limit_bytes: float | None = None  # what gate.toml gives the candidate
    client_cpu: float | None = None  # share of one core that Locust's process used
    doubts: tuple[str, ...] = ()  # why the run shows nothing
    excuses: tuple[str, ...] = ()  # why a limit that it breaks may not be the endpoint's fault
    notes: tuple[str, ...] = ()
    died: str = ""  # how the candidate ended, where it did so under the load
    deadline: float | None = None  # seconds from the planned start: later answers are no goodput
    floor: Values | None = None  # what the same client measures of a server that does nothing, s
    floor_problem: str = ""  # why it was not measured, where it could matter
    traced: bool = False  # recorded traffic: what it was answered with is what is right
    phase: Phase | None = None  # everything that was sent, also what is not judged

    @property
    def n(self) -> int:
        """Requests that are judged."""
        return self.window.n

    @property
    def response(self) -> Values:
        """Seconds from the planned start, shape (n,), infinite for failures."""
        return self.window.response[~self.window.silent]

    @property
    def failed(self) -> int:
        """Planned requests that failed, or that were not answered by the end of the run."""
        return int(np.count_nonzero(np.isinf(self.response)))

    def measure(self, name: str) -> Measurement | None:
        """The measurement of that name, None for one that a load run does not know or have.

        `latency_p99`, `latency_p99_9`, any other percentile below 100, and the same of `service`
        and `lateness`; `error_rate`, `throughput`, `throughput_share`; `goodput` and
        `goodput_share` where there is a deadline. With a label, `latency_p95{name=predict}`, of
        the requests of one name; None where there was none.
        """
        if "{" in name:
            return names.measure(self, name)
        level = quantile(name)
        if level is not None:
            return self._latency(name, level)
        if _PERCENTILE.fullmatch(name):
            return self._clock(name)
        if name == "error_rate":
            return self._error_rate()
        if name in ("goodput", "goodput_share"):
            return None if self.deadline is None else self._goodput(name, self.deadline)
        return self._throughput(name) if name in ("throughput", "throughput_share") else None

    def near_floor(self, name: str, limit: float) -> str:
        """Why a limit of `limit` seconds on a percentile cannot be judged here; empty: it can."""
        level = quantile(name)
        if level is not None and self.floor_problem and matters(limit):
            return (
                f"{name}: the floor of this load generator was not measured, and a limit of "
                f"{limit * 1e3:g} ms may be near it: {self.floor_problem}"
            )
        if level is None or self.floor is None or len(self.floor) == 0:
            return ""
        floor = float(np.quantile(self.floor, level))
        if limit > _FLOORS * floor:
            return ""
        return (
            f"{name}: a limit of {limit * 1e3:g} ms is within {_FLOORS:g} times of what this load "
            f"generator measures of a server that does nothing ({floor * 1e3:.2f} ms on the same "
            "way): judge it on a quieter machine, or raise it"
        )

    def unbounded(self, name: str) -> str:
        """Why a percentile has no upper end in this run; empty where it has one."""
        level = quantile(name)
        found = self.measure(name)
        if level is None or found is None or found.high != FAILED_MS:
            return ""
        least, part = needed(level, self.confidence), self._named(name)
        if part.n < least:
            return (
                f"{name} cannot be bounded by {part.n} requests: at least {least} are needed, "
                f"set load.duration to {math.ceil(least / part.rate)} s or raise load.rate"
            )
        return (
            f"{name} cannot be bounded: slow and failed answers come in clusters, which make "
            f"{part.n} requests worth {part.n / part.inflation(level):.0f}; raise load.duration"
        )

    def endless(self, name: str) -> str:
        """Why a percentile is no number at all: so many requests got no right answer."""
        level = quantile(name)
        found = self.measure(name)
        if level is None or found is None or found.value < FAILED_MS:
            return ""
        part = self._named(name)
        lost = int(np.count_nonzero(~np.isfinite(part.response)))
        return f"{name} is not finite: {lost} of {part.n} requests got no right answer"

    def inflation(self, level: float) -> float:
        """By how much the count is divided for the interval of a percentile."""
        return intervals.percentile(self.response, level, self.confidence).inflation

    def _named(self, name: str) -> Traffic:
        """What a measurement is of: the whole, or the requests of one name."""
        wanted = labels.split(name)[1].get("name")
        return self if wanted is None else names.part(self, wanted) or self

    def _latency(self, name: str, level: float) -> Measurement:
        found = intervals.percentile(self.response, level, self.confidence)
        low, value, high = (_ms(end) for end in (found.low, found.value, found.high))
        more = None
        if high == FAILED_MS:  # by the distance from it one cannot tell how many would do
            clustered = max(1.0, found.inflation / intervals.LEAST_INFLATION)
            more = max(1, math.ceil(needed(level, self.confidence) * clustered) - found.n)
        return Measurement(name, value, "ms", low=low, high=high, n=found.n, more=more)

    def _clock(self, name: str) -> Measurement | None:
        """A percentile of the time from the send, or of the client's own lateness.

        That of the send is of answers; in its interval, what failed is slower than any limit.
        """
        times, level = self.window.service, _level(name)
        own = name.startswith("lateness")
        seconds = self.window.lateness if own else times
        seconds = seconds[np.isfinite(seconds)]
        if len(seconds) == 0:
            return None
        value = float(np.quantile(seconds, level)) * 1e3
        if own:
            return Measurement(name, value, "ms", n=len(seconds))
        whole = np.where(np.isinf(self.window.response), np.inf, np.nan_to_num(times))
        found = intervals.percentile(whole[~self.window.silent], level, self.confidence)
        low, high = min(value, _ms(found.low)), max(value, _ms(found.high))
        return Measurement(name, value, "ms", low=low, high=high, n=found.n)

    def _goodput(self, name: str, deadline: float) -> Measurement:
        """Right answers within the deadline, among the requests planned in the window."""
        found = intervals.share(self.response <= deadline, self.confidence)
        if name == "goodput_share":
            low, value, high = (100 * end for end in (found.low, found.value, found.high))
            return Measurement(name, value, "%", low=low, high=high, n=found.n)
        rate = found.n / self.window.seconds
        low, value, high = (rate * end for end in (found.low, found.value, found.high))
        return Measurement(name, value, "/s", low=low, high=high, n=found.n)

    def _error_rate(self) -> Measurement:
        """The upper end counts what may have failed, too."""
        errors, perhaps = self.window.errors, self.window.perhaps
        found = intervals.share(errors, self.confidence)
        worst = intervals.share(errors | perhaps, self.confidence) if perhaps.any() else found
        low, value, high = (100 * end for end in (found.low, found.value, worst.high))
        return Measurement(
            "error_rate", value, "%", low=low, high=max(high, 100 * found.high), n=found.n
        )

    def _throughput(self, name: str) -> Measurement:
        """Right answers that ended in the window against the requests planned in it.

        Both are counts at one boundary, so what was in flight at the start makes up for what is
        in flight at the end; what a warm-up shorter than an answer leaves out is in the interval.
        """
        offered = max(1, self.window.n)
        done = min(self.window.done, offered)
        most = min(done + self._not_begun(), offered)
        by = intervals.LEAST_INFLATION
        low, _ = binomial.clopper_pearson(done / by, offered / by, self.confidence)
        _, high = binomial.clopper_pearson(most / by, offered / by, self.confidence)
        if name == "throughput_share":
            return Measurement(
                name, 100 * done / offered, "%", low=100 * low, high=100 * high, n=offered
            )
        rate = self.window.done / self.window.seconds
        offered_rate = offered / self.window.seconds
        low, high = min(low * offered_rate, rate), max(high * offered_rate, rate)
        return Measurement(name, rate, "/s", low=low, high=high, n=self.window.done)

    def _not_begun(self) -> float:
        """Answers that the window lacks because what they answer was never planned before it."""
        early = self.response[: max(1, self.n // 10)]
        answered = early[np.isfinite(early)]
        if len(answered) == 0:
            return 0.0
        return self.rate * max(0.0, float(np.median(answered)) - self.warmup.seconds)


def quantile(name: str) -> float | None:
    """0.99 of `latency_p99`, 0.999 of `latency_p99_9`, also with a label; None for other names."""
    base, _ = labels.split(name)
    return _level(base) if base.startswith("latency_p") and _level(base) > 0 else None


def _level(name: str) -> float:
    """0.99 of any percentile's name; zero of a name that is none."""
    match = _PERCENTILE.fullmatch(name)
    return float(f"{match[2]}.{match[3] or 0}") / 100 if match else 0.0


def _ms(seconds: float) -> float:
    return min(seconds * 1e3, FAILED_MS)
