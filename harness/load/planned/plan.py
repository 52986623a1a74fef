"""The plan of one run: what is sent, for how long, when it may be looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import numpy as np

from harness import labels, units
from harness.config import Gate, LoadConfig
from harness.errors import ConfigError
from harness.limits import Limit
from harness.load.errors import LoadError
from harness.load.planned import arrivals, replay
from harness.load.statistics.looks import Look
from harness.load.statistics.looks import plan as plan_looks
from harness.load.traffic import quantile

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST = 60.0  # seconds that one answer may take
_SHORTEST = 10.0
_MOST_SECONDS = 7 * 86400.0  # of a trace that nobody has cut
_RATES = ("error_rate", "throughput", "throughput_share", "goodput", "goodput_share")
_SAMPLED = ("service_p99", *_RATES)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before the first request; times in seconds."""

    rate: float  # the mean one, where it changes
    warmup: float
    duration: float  # of the judged part, at most
    users: int
    seed: int
    schedule: arrivals.Times  # from the start of the run, warm-up included
    first: int  # index of the first judged request
    limits: Mapping[str, Limit]  # those that sampling can decide
    looks: tuple[Look, ...]
    least: float = 0.0  # of the judged part: whatever is decided, it does not end before
    abort_after: float | None = None  # of the judged part: then one failed limit ends it
    deadline: float | None = None  # right answers within it are goodput
    traced: bool = False  # recorded traffic, which says itself what it is answered with

    @property
    def tightest(self) -> float | None:
        """The tightest latency limit, None without one."""
        found = self._latency_limits()
        return min(found) if found else None

    @property
    def timeout(self) -> float:
        """How long one answer may take before it counts as none."""
        return min(_LONGEST, max(_SHORTEST, 4 * max(self._latency_limits(), default=0.0)))

    @property
    def horizon(self) -> float:
        """After that long, an answer that has not come is over every limit."""
        return min(self.timeout, max([0.5, *self._latency_limits()]))

    @property
    def patience(self) -> float:
        """How long the end of the run waits for what is in flight."""
        return min(self.timeout, max(2.0, 2 * self.horizon))

    def _latency_limits(self) -> list[float]:
        return [
            limit.in_unit("s") for name, limit in self.limits.items() if quantile(name) is not None
        ]


def make(
    load: LoadConfig,
    limits: Mapping[str, Limit],
    confidence: float,
    trace: replay.Trace | None = None,
) -> Plan:
    """Draw the arrivals and fix the looks. Raises LoadError where nothing would be sent.

    `trace` is the recorded traffic that `load` names.
    """
    warmup = units.in_base(load.warmup, "time")
    try:
        schedule, duration = _traced(load, trace) if trace else _drawn(load)
    except ValueError as problem:
        raise LoadError(f"load: {problem}") from None
    first = int(np.searchsorted(schedule, warmup))
    judged = len(schedule) - first
    if judged == 0:
        raise LoadError(_nothing(load, trace))
    sampled = {
        name: limit
        for name, limit in limits.items()
        if quantile(name) or labels.split(name)[0] in _SAMPLED
    }
    levels = [level for level in map(quantile, sampled) if level is not None]
    rate = judged / duration if trace or load.profile else units.in_base(load.rate, "rate")
    # What changes over time is judged as a whole: its quiet part must not speak for the rest.
    least = duration if trace or load.profile else _optional(load.soak) or 0.0
    abort_after = _optional(load.abort_after)
    looks = plan_looks(judged, rate, confidence, max(levels, default=0.5))
    made = Plan(
        rate=rate,
        warmup=warmup,
        duration=duration,
        users=load.users,
        seed=load.seed,
        schedule=schedule,
        first=first,
        limits=sampled,
        looks=looks,
        least=least,
        abort_after=abort_after,
        traced=trace is not None,
    )
    whole = [
        limit.in_unit("s") for name, limit in sampled.items() if quantile(name) and "{" not in name
    ]
    deadline = _optional(load.deadline) or min(whole, default=None)
    useful = _useful(made, confidence)
    return replace(made, looks=useful, deadline=deadline)


def trace_of(gate: Gate) -> replay.Trace | None:
    """The recorded traffic that gate.toml names. Raises LoadError where it cannot be replayed."""
    if gate.load is None or gate.load.trace is None:
        return None
    return replay.read(gate.find(gate.load.trace))


def validate(gate: Gate) -> None:
    """What can be told of `[load]` before anything is started. Raises ConfigError."""
    if gate.load is None:
        return
    try:
        make(gate.load, {}, gate.policy.confidence, trace_of(gate))
    except LoadError as problem:
        raise ConfigError(f"{gate.path}: {problem}") from None


def refuse_strangers(base_url: str, hosts: Sequence[str] = ()) -> None:
    """Raises LoadError for anything but plain HTTP on loopback, or on one of `hosts`.

    Load on somebody else's machine is an attack, whatever was meant by it.
    """
    target = urlsplit(base_url)
    if target.hostname not in (*_LOOPBACK, *hosts):
        raise LoadError(
            f"{base_url} is not on this machine: only 127.0.0.1 is put under load, and what "
            "load.hosts names; forward a local port to it, or name it where the load is agreed upon"
        )
    if target.scheme != "http":
        raise LoadError(f"{base_url}: expected http://")


def _drawn(load: LoadConfig) -> tuple[arrivals.Times, float]:
    """Schedule with the warm-up, and seconds of the judged part."""
    warmup = units.in_base(load.warmup, "time")
    soak = _optional(load.soak) or 0.0
    if load.profile:
        stages = [
            (units.in_base(stage.rate, "rate"), units.in_base(stage.lasts, "time"))
            for stage in load.profile
        ]
        length = sum(lasts for _, lasts in stages)
        duration = max(length, soak)
        stages *= math.ceil(soak / length) or 1
        stages.insert(0, (stages[0][0], warmup))
    else:
        duration = max(units.in_base(load.duration, "time"), soak)
        stages = [(units.in_base(load.rate, "rate"), warmup + duration)]
    times = arrivals.profile(stages, seed=load.seed, process=load.arrivals)
    return times[times < warmup + duration], duration


def _traced(load: LoadConfig, trace: replay.Trace) -> tuple[arrivals.Times, float]:
    """The same of recorded traffic; `duration` cuts it only where the user wrote one."""
    warmup = units.in_base(load.warmup, "time")
    times = trace.times(load.speed)
    if "duration" in load.model_fields_set:
        times = times[times < warmup + units.in_base(load.duration, "time")]
    if times[-1] > _MOST_SECONDS:
        raise LoadError(
            f"{trace.path}: its requests are spread over {times[-1]:g} s, expected at most "
            f"{_MOST_SECONDS:g}: give load.duration or a higher load.speed"
        )
    return times, max(float(times[-1]) - warmup, 0.0) + 1e-3


def _nothing(load: LoadConfig, trace: replay.Trace | None) -> str:
    if trace is not None:
        return (
            f"{trace.path}: its {len(trace.requests)} requests are over within load.warmup = "
            f"{load.warmup!r}: shorten it, or lower load.speed"
        )
    return (
        f"load.rate = {load.rate!r} for load.duration = {load.duration!r} plans not one "
        "request: raise one of the two"
    )


def _useful(made: Plan, confidence: float) -> tuple[Look, ...]:
    """The looks that may end the run, the last one included.

    What those that are left out would have spent of the risk stays unspent, except where only the
    last one is left.
    """
    from_ = made.least if made.abort_after is None else min(made.least, made.abort_after)
    *early, last = made.looks
    kept = [look for look in early if _seconds(made, look) >= from_]
    return (*kept, last) if kept else (Look(last.n, confidence),)


def _seconds(made: Plan, look: Look) -> float:
    """How much of the judged part a look sees."""
    return float(made.schedule[made.first + look.n - 1]) - made.warmup


def _optional(text: str | None) -> float | None:
    return None if text is None else units.in_base(text, "time")
