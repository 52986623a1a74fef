"""Traffic: what one load run saw, and the measurements that follow from it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from harness.load import binomial, statistics
from harness.load.looks import needed
from harness.load.window import Values, Window
from harness.model import Measurement, Usage

FAILED_MS = 3_600_000.0  # a failed request counts as one hour, where a number must be written
_LATENCY = re.compile(r"latency_p(\d{1,2})(?:_(\d+))?")
_MIB = 1024.0**2


@dataclass(frozen=True, slots=True)
class Failure:
    """Requests that failed in one way."""

    name: str  # method and path, or the name that a locustfile gave it
    status: int  # 0: no answer
    reason: str
    count: int


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
    failures: tuple[Failure, ...] = ()
    usage: tuple[Usage, ...] = ()  # of the endpoint, in order of time
    memory_limit_bytes: float | None = None  # what gate.toml gives the candidate
    client_cpu: float | None = None  # share of one core that Locust's process used
    doubts: tuple[str, ...] = ()  # why the run shows nothing
    excuses: tuple[str, ...] = ()  # why a limit that it breaks may not be the endpoint's fault
    notes: tuple[str, ...] = ()
    died: str = ""  # how the candidate ended, where it did so under the load

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
        """The measurement of that name, None for a name that a load run does not know.

        `latency_p99`, `latency_p99_9`, any other percentile below 100; `error_rate`,
        `throughput`, `throughput_share`.
        """
        level = quantile(name)
        if level is not None:
            return self._latency(name, level)
        if name == "error_rate":
            return self._error_rate()
        return self._throughput(name) if name in ("throughput", "throughput_share") else None

    def unbounded(self, name: str) -> str:
        """Why a percentile has no upper end in this run; empty where it has one."""
        level = quantile(name)
        found = self.measure(name)
        if level is None or found is None or found.high != FAILED_MS:
            return ""
        least = needed(level, self.confidence)
        if self.n < least:
            return (
                f"{name} cannot be bounded by {self.n} requests: at least {least} are needed, "
                f"set load.duration to {math.ceil(least / self.rate)} s or raise load.rate"
            )
        return (
            f"{name} cannot be bounded: slow and failed answers come in clusters, which make "
            f"{self.n} requests worth {self.n / self.inflation(level):.0f}; raise load.duration"
        )

    def endless(self, name: str) -> str:
        """Why a percentile is no number at all: so many requests got no right answer."""
        level = quantile(name)
        found = self.measure(name)
        if level is None or found is None or found.value < FAILED_MS:
            return ""
        lost = int(np.count_nonzero(~np.isfinite(self.response)))
        return f"{name} is not finite: {lost} of {self.n} requests got no right answer"

    def inflation(self, level: float) -> float:
        """By how much the count is divided for the interval of a percentile."""
        return statistics.percentile(self.response, level, self.confidence).inflation

    def service_ms(self, level: float) -> float | None:
        """A percentile of the service time of the requests that were answered, ms."""
        seconds = self.window.service[np.isfinite(self.window.service)]
        return float(np.quantile(seconds, level)) * 1e3 if len(seconds) else None

    def lateness_ms(self, level: float) -> float | None:
        """A percentile of the client's own lateness, ms."""
        seconds = self.window.lateness[np.isfinite(self.window.lateness)]
        return float(np.quantile(seconds, level)) * 1e3 if len(seconds) else None

    def memory_growth_mib(self) -> float | None:
        """From the first to the last samples under load, MiB: the median of three at each end."""
        used = self._memory()
        if len(used) < 2:
            return None
        ends = min(3, len(used) // 2)
        return float(np.median(used[-ends:]) - np.median(used[:ends])) / _MIB

    def memory_peak_share(self) -> float | None:
        """Largest sample, warm-up included, as % of the candidate's memory limit."""
        used = [sample.memory_bytes for sample in self.usage if sample.memory_bytes is not None]
        limits = [sample.memory_limit_bytes for sample in self.usage if sample.memory_limit_bytes]
        limit = limits[-1] if limits else self.memory_limit_bytes
        return 100.0 * max(used) / limit if used and limit else None

    def throttled_share(self) -> tuple[float, int] | None:
        """Share of the processor quota's periods that were throttled, %, and their number."""
        seen = [
            (sample.periods, sample.throttled_periods)
            for sample in self.usage
            if sample.periods is not None and sample.throttled_periods is not None
        ]
        if len(seen) < 2:
            return None
        periods, throttled = (seen[-1][i] - seen[0][i] for i in (0, 1))
        return (100.0 * throttled / periods, periods) if periods > 0 else None

    def _memory(self) -> list[int]:
        return [
            sample.memory_bytes
            for sample in self.usage
            if sample.memory_bytes is not None and sample.at >= self.window.start
        ]

    def _latency(self, name: str, level: float) -> Measurement:
        found = statistics.percentile(self.response, level, self.confidence)
        low, value, high = (_ms(end) for end in (found.low, found.value, found.high))
        return Measurement(name, value, "ms", low=low, high=high, n=found.n)

    def _error_rate(self) -> Measurement:
        found = statistics.share(self.window.errors, self.confidence)
        low, value, high = (100 * end for end in (found.low, found.value, found.high))
        return Measurement("error_rate", value, "%", low=low, high=high, n=found.n)

    def _throughput(self, name: str) -> Measurement:
        """Right answers that ended in the window against the requests planned in it.

        Both are counts at one boundary, so what was in flight at the start makes up for what is
        in flight at the end.
        """
        offered = max(1, self.window.n)
        done = min(self.window.done, offered)
        by = statistics.LEAST_INFLATION
        low, high = binomial.clopper_pearson(done / by, offered / by, self.confidence)
        if name == "throughput_share":
            return Measurement(
                name, 100 * done / offered, "%", low=100 * low, high=100 * high, n=offered
            )
        rate = self.window.done / self.window.seconds
        offered_rate = offered / self.window.seconds
        low, high = min(low * offered_rate, rate), max(high * offered_rate, rate)
        return Measurement(name, rate, "/s", low=low, high=high, n=self.window.done)


def quantile(name: str) -> float | None:
    """0.99 of `latency_p99`, 0.999 of `latency_p99_9`; None for other names."""
    match = _LATENCY.fullmatch(name)
    if match is None:
        return None
    level = float(f"{match[1]}.{match[2] or 0}") / 100
    return level if 0 < level < 1 else None


def _ms(seconds: float) -> float:
    return min(seconds * 1e3, FAILED_MS)
