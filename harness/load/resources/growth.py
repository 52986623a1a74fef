"""What the leak check says: growth for each request, and how many of them the limit is away."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from harness.load.resources import leaks
from harness.load.resources.leaks import Trend
from harness.load.resources.used import memory_limit, sent_at
from harness.load.traffic import Traffic
from harness.model import Evidence, Finding, Measurement, Severity, Usage

_MIB = 1024.0**2


@dataclass(frozen=True, slots=True)
class _Kind:
    """Something that may leak."""

    name: str  # of the measurement
    noun: str
    of: Callable[[Usage], float | None]
    settling: float  # growth in the whole of the judged part that is no sure leak
    per: float  # requests that the measurement is of
    unit: str


_MEMORY = _Kind("memory_leak", "memory", lambda sample: sample.memory_bytes, 3e6, 1.0, "B")
_KINDS = (
    _MEMORY,
    _Kind("descriptor_leak", "open files", lambda sample: sample.fds, 8.0, 1000.0, ""),
    _Kind("thread_leak", "threads", lambda sample: sample.threads, 8.0, 1000.0, ""),
)
MOST_IN_THOUSAND = 1.0  # descriptors, threads


def leak(traffic: Traffic, limited: Collection[str]) -> list[Measurement | Finding | Evidence]:
    """How memory, open files and threads grow with the requests; empty where memory is unknown.

    `limited` names the measurements that have a limit in force: others are held against one
    descriptor or thread for each thousand requests. A run too short to tell is a doubt.
    """
    trends = {kind: _trend(kind, traffic) for kind in _KINDS}
    memory = trends[_MEMORY]
    if memory is None:
        return []
    found: list[Measurement | Finding | Evidence] = []
    for kind, trend in trends.items():
        if trend is not None:
            found.append(_measured(kind, trend))
            found += _told(kind, trend, traffic, kind is _MEMORY or kind.name in limited)
    if not memory.enough:
        found.append(_too_short(memory))
    return [*found, _picture(memory)]


def _trend(kind: _Kind, traffic: Traffic) -> Trend | None:
    start = traffic.window.start
    values = [(sample.at, kind.of(sample)) for sample in traffic.usage if sample.at >= start]
    seen = [(at, value) for at, value in values if value is not None]
    if not seen:
        return None
    at, used = np.array(seen, dtype=np.float64).T
    sent = np.searchsorted(sent_at(traffic), at).astype(np.float64)
    found = leaks.trend(at, used, sent, traffic.confidence)
    return None if found is None else found.cautious(kind.settling)


def _measured(kind: _Kind, trend: Trend) -> Measurement:
    value, low, high = (kind.per * end for end in (trend.slope, trend.low, trend.high))
    about = "" if kind.per == 1 else f"{kind.per:g} requests"
    requests = int(trend.span)
    return Measurement(kind.name, value, kind.unit, low=low, high=high, n=requests, about=about)


def _told(kind: _Kind, trend: Trend, traffic: Traffic, limited: bool) -> list[Finding]:
    """A sure growth in words."""
    if trend.low <= 0 or not trend.enough:
        return []
    if kind is _MEMORY:
        return [_projected(trend, traffic)]
    sure = kind.per * trend.low > MOST_IN_THOUSAND
    grown = kind.per * trend.slope
    return [
        Finding(
            kind.name.replace("_", "-"),
            f"{kind.noun} grow by {grown:.3g} for each thousand requests: {trend.least[0]:.0f} "
            f"became {trend.least[-1]:.0f} within {trend.span:.0f} requests",
            severity=Severity.ERROR if sure and not limited else Severity.WARNING,
            expected=f"at most {MOST_IN_THOUSAND:g} for each thousand requests",
        )
    ]


def _projected(trend: Trend, traffic: Traffic) -> Finding:
    told = f"memory grows by {_bytes(trend.slope)} with each request"
    limit = memory_limit(traffic)
    lasts = None if limit is None else trend.lasts(limit)
    if limit is not None and lasts is not None:
        seconds = lasts / traffic.rate
        told += (
            f": it reaches its limit of {limit / _MIB:.0f} MiB after about {_rounded(lasts)} more "
            f"requests, which are {_duration(seconds)} at {traffic.rate:g} /s"
        )
    return Finding("memory-leak", told, severity=Severity.WARNING)


def _too_short(trend: Trend) -> Finding:
    judged = trend.bucket * leaks.LEAST
    return Finding(
        "too-short-for-leaks",
        f"a leak cannot be told from a warm-up in {judged / (1 - leaks.WARMING):.0f} s of load, of "
        f"which the last {judged:.0f} s count: at least {leaks.SHORTEST:.0f} s are needed; set "
        f'load.soak = "{leaks.SHORTEST / 60:.0f} min"',
        severity=Severity.DOUBT,
    )


def _picture(trend: Trend) -> Evidence:
    """The minima over the requests, and the line through them."""
    x = [float(value) for value in trend.requests]
    middle = float(np.median(trend.least - trend.slope * trend.requests))
    line = [(middle + trend.slope * at) / _MIB for at in (x[0], x[-1])]
    return Evidence(
        "curve",
        "Memory over the requests",
        {
            "x_unit": "",
            "y_unit": "MiB",
            "x_name": "requests",
            "y_name": "memory",
            "series": {
                "least": {"x": x, "y": [float(value) / _MIB for value in trend.least]},
                "trend": {"x": [x[0], x[-1]], "y": line},
            },
            "bands": [],
            "lines": [],
        },
    )


def _bytes(size: float) -> str:
    for unit, factor in (("MiB", _MIB), ("KiB", 1024.0)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size:.0f} B" if size >= 10 else f"{size:.2g} B"


def _rounded(count: float) -> str:
    """Two digits: a projection is no better than its slope."""
    return f"{float(f'{count:.2g}'):,.0f}".replace(",", " ")


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {unit}"
    return f"{seconds:.2g} seconds"
