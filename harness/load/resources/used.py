"""Resources, tied to requests: what one costs, how close the limit came, who was killed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from harness.binomial import incomplete_beta
from harness.load.traffic import Traffic
from harness.model import Finding, Measurement, Severity, Usage

Values = NDArray[np.float64]

_MIB = 1024.0**2
_BATCHES = 10
_LEAST_BATCHES = 5


def memory(traffic: Traffic) -> list[Measurement | Finding]:
    """How close the candidate came to its memory limit; empty where that was not measured.

    The upper end is what it may have been for a moment between two looks.
    """
    limit = memory_limit(traffic)
    highest = memory_peak(traffic.usage)
    if highest is None or not limit:
        return []
    seen = [sample.memory_bytes for sample in traffic.usage if sample.memory_bytes is not None]
    samples, share = len(seen), 100.0 * max(seen) / limit
    found: list[Measurement | Finding] = [
        Measurement("memory_peak", share, "%", low=share, high=100.0 * highest / limit, n=samples)
    ]
    stalled = _rate([(s.at, s.memory_stalled_s) for s in _judged(traffic)])
    if stalled is not None:
        found.append(Measurement("memory_stalled", 100.0 * stalled, "%", n=samples))
    text = f"at most {max(seen) / _MIB:.0f} MiB of {limit / _MIB:.0f} MiB were seen in use"
    if highest > max(seen):
        text += f"; for a moment it may have been {highest / _MIB:.0f} MiB, with files it had open"
    return [*found, Finding("memory", text, severity=Severity.INFO)]


def processor(traffic: Traffic) -> list[Measurement]:
    """What a request costs in processor time, and how often the quota stopped the candidate.

    Empty where that was not measured.
    """
    cost = cpu_per_request(_judged(traffic), sent_at(traffic), traffic.confidence)
    return [item for item in (cost, throttled(traffic.usage)) if item is not None]


def kills(traffic: Traffic, now: Usage) -> list[Measurement | Finding]:
    """Kills for memory, and processes that ended and were started anew, while it kept running.

    `now` is a last look, when everything that puts load on the candidate has been tried. A process
    that another one replaced counts where requests were left without an answer: a server that
    renews its workers from time to time, and loses nothing by it, is in order. Empty where kills
    were not measured.
    """
    looks = (*traffic.usage, now)
    killed = _most([sample.oom_kills for sample in looks])
    replaced = _most([sample.restarts for sample in looks])
    if killed is None or replaced is None:
        return []
    window = traffic.window
    # The status alone tells too little: users of other protocols have none.
    failed = (window.status == 0) & np.isinf(window.response)
    lost = int(np.count_nonzero(failed & ~window.unsent & ~window.silent & ~window.pending))
    found: list[Measurement | Finding] = [
        Measurement("oom_kills", killed),
        Measurement("restarts", replaced if lost else 0),
    ]
    if killed:
        found.append(_killed(killed, memory_limit(traffic)))
    if replaced:
        found.append(_replaced(replaced, lost))
    return found


def memory_limit(traffic: Traffic) -> float | None:
    """What the candidate may use, bytes: as the runtime tells, else as gate.toml does."""
    told = [sample.memory_limit_bytes for sample in traffic.usage if sample.memory_limit_bytes]
    return float(told[-1]) if told else traffic.memory_limit_bytes


def memory_peak(usage: Sequence[Usage]) -> float | None:
    """The largest that the working set can have been, bytes; None where it was not measured.

    Between two looks memory may rise and fall. Where the kernel's own peak has risen meanwhile,
    the working set was as large as that, less the page cache that nobody used. No larger, but
    smaller where a file was written and removed within that time.
    """
    found = [float(sample.memory_bytes) for sample in usage if sample.memory_bytes is not None]
    for before, after in pairwise(usage):
        peaks, caches = zip(
            *((sample.memory_peak_bytes, sample.cache_bytes) for sample in (before, after)),
            strict=True,
        )
        if None not in peaks and None not in caches and peaks[1] > peaks[0]:
            found.append(float(peaks[1] - max(caches)))
    return max(found, default=None)


def cpu_per_request(usage: Sequence[Usage], sent: Values, confidence: float) -> Measurement | None:
    """Processor time for each request, ms, with its interval; None where it was not measured.

    `sent` are the moments at which requests went out, ascending, on the clock of the samples. The
    interval is that of a ratio by batch means (Law and Kelton, Simulation Modeling and Analysis,
    9.5.3), with Student's t.
    """
    seen = [(sample.at, sample.cpu_s) for sample in usage if sample.cpu_s is not None]
    batches = min(_BATCHES, len(seen) - 1)
    if batches < _LEAST_BATCHES:
        return None
    ends = np.linspace(0, len(seen) - 1, batches + 1).round().astype(np.int64)
    at, cpu = np.array(seen)[ends].T
    spent, asked = np.diff(cpu), np.diff(np.searchsorted(sent, at)).astype(np.float64)
    if spent.min() < 0 or asked.sum() == 0:  # counted anew after a restart, or nothing sent
        return None
    cost = float(spent.sum() / asked.sum())
    apart = float(np.sum((spent - cost * asked) ** 2)) / (batches - 1)
    reach = student(confidence, batches - 1) * math.sqrt(batches * apart) / float(asked.sum())
    low, high = (1e3 * max(0.0, end) for end in (cost - reach, cost + reach))
    return Measurement("cpu_per_request", 1e3 * cost, "ms", low=low, high=high, n=int(asked.sum()))


def throttled(usage: Sequence[Usage]) -> Measurement | None:
    """Share of the quota's periods in which the candidate was stopped; None: not measured."""
    seen = [
        (sample.periods, sample.throttled_periods)
        for sample in usage
        if sample.periods is not None and sample.throttled_periods is not None
    ]
    if len(seen) < 2:
        return None
    periods, stopped = (seen[-1][i] - seen[0][i] for i in (0, 1))
    return Measurement("throttled", 100.0 * stopped / periods, "%", n=periods) if periods else None


def sent_at(traffic: Traffic) -> Values:
    """The moments at which the judged requests were due, ascending; not of those never sent."""
    window = traffic.window
    due: Values = window.start + window.planned[~window.unsent & ~window.silent]
    return due


def student(confidence: float, freedom: int) -> float:
    """The t of Student's distribution with so many degrees of freedom: P(|T| <= t) = confidence."""
    low, high = 0.0, 1e3
    for _ in range(60):
        middle = (low + high) / 2
        outside = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + middle * middle))
        low, high = (middle, high) if outside > 1 - confidence else (low, middle)
    return high


def _judged(traffic: Traffic) -> list[Usage]:
    window = traffic.window
    return [s for s in traffic.usage if window.start <= s.at <= window.start + window.seconds]


def _rate(seen: Sequence[tuple[float, float | None]]) -> float | None:
    """Growth for each second from the first to the last number."""
    told = [(at, value) for at, value in seen if value is not None]
    if len(told) < 2 or told[-1][0] <= told[0][0]:
        return None
    return (told[-1][1] - told[0][1]) / (told[-1][0] - told[0][0])


def _most(counts: Sequence[int | None]) -> int | None:
    return max((count for count in counts if count is not None), default=None)


def _killed(count: int, limit: float | None) -> Finding:
    allowed = "" if limit is None else f" of {limit / _MIB:.0f} MiB"
    return Finding(
        "killed-for-memory",
        f"the kernel killed {_processes(count)} of the candidate for reaching its memory limit"
        f"{allowed}, since it was started",
        severity=Severity.WARNING,
        expected="a working set that stays below candidate.resources.memory",
    )


def _replaced(count: int, lost: int) -> Finding:
    told = (
        f"{lost} requests got no answer: its log says why they ended"
        if lost
        else "no request was lost by it: workers that are renewed from time to time, perhaps"
    )
    return Finding(
        "processes-replaced",
        f"{_processes(count)} of the candidate ended under load and was replaced; {told}"
        if count == 1
        else f"{_processes(count)} of the candidate ended under load and were replaced; {told}",
        severity=Severity.WARNING if lost else Severity.INFO,
    )


def _processes(count: int) -> str:
    return "a process" if count == 1 else f"{count} processes"
