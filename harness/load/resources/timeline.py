"""The run over time: response times, errors, memory and processor beneath one another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from harness.load.driving.window import Values
from harness.load.traffic import Traffic
from harness.model import Evidence, Usage

_SLICES = 40
_LEAST_IN_SLICE = 5
_MIB = 1024.0**2


def run_over_time(traffic: Traffic) -> Evidence:
    """p50 and p99 of the answers, requests and failures, memory, processor; zero: judged from here.

    Panels of what was not measured are left out.
    """
    over = traffic.window.start + traffic.window.seconds
    usage = [sample for sample in traffic.usage if sample.at <= over]
    panels = [*_requests(traffic)]
    panels += [
        _panel(name, unit, x, {name: y})
        for name, unit, (x, y) in (
            ("memory", "MiB", _memory(usage, traffic.window.start)),
            ("processor", "cores", _processor(usage, traffic.window.start)),
        )
        if len(x) > 1
    ]
    marks = [{"x": 0.0, "name": "judged from here"}] if traffic.warmup.n else []
    return Evidence(
        "timeline", "The run over time", {"x_unit": "s", "panels": panels, "marks": marks}
    )


def _requests(traffic: Traffic) -> list[dict[str, Any]]:
    """By the planned start, so that a stall shows where it was and not where it ended."""
    window = traffic.window
    slices = max(1, min(_SLICES, traffic.n // _LEAST_IN_SLICE))
    edges = np.linspace(0.0, window.seconds, slices + 1)
    wide = window.seconds / slices
    at = np.clip(np.searchsorted(edges, window.planned, side="right") - 1, 0, slices - 1)
    asked = ~window.silent
    answered = asked & np.isfinite(window.response)
    parts = [window.response[answered & (at == i)] * 1e3 for i in range(slices)]
    sent = np.bincount(at[asked], minlength=slices) / wide
    failed = np.bincount(at[asked & ~answered], minlength=slices) / wide
    x = [float(edge) + wide / 2 for edge in edges[:-1]]
    times = {"p50": _quantiles(parts, 0.5), "p99": _quantiles(parts, 0.99)}
    return [
        _panel("response time", "ms", x, times),
        _panel("requests", "/s", x, {"sent": sent.tolist(), "failed": failed.tolist()}),
    ]


def _quantiles(parts: Sequence[Values], level: float) -> list[float | None]:
    return [float(np.quantile(part, level)) if len(part) else None for part in parts]


def _memory(usage: Sequence[Usage], start: float) -> tuple[list[float], list[float]]:
    seen = [(s.at - start, s.memory_bytes / _MIB) for s in usage if s.memory_bytes is not None]
    return [at for at, _ in seen], [used for _, used in seen]


def _processor(usage: Sequence[Usage], start: float) -> tuple[list[float], list[float]]:
    """Cores in use between one look and the next."""
    seen = [(s.at - start, s.cpu_s) for s in usage if s.cpu_s is not None]
    steps = [(a, b) for a, b in pairwise(seen) if b[0] > a[0] and b[1] >= a[1]]
    x = [(before[0] + after[0]) / 2 for before, after in steps]
    return x, [(after[1] - before[1]) / (after[0] - before[0]) for before, after in steps]


def _panel(name: str, unit: str, x: Sequence[float], series: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "unit": unit, "x": list(x), "series": series}
