"""Evidence that the report can draw from a load run."""

from __future__ import annotations

import numpy as np

from harness.load.traffic import Traffic
from harness.model import Evidence

_BINS = 40
_SLICES = 40
_LEAST_IN_SLICE = 5
_MIB = 1024.0**2


def latency_histogram(traffic: Traffic) -> Evidence:
    """How long answers took, from the planned start, ms; failures are not in it."""
    answered = traffic.response[np.isfinite(traffic.response)] * 1e3
    least, most = (float(answered.min()), float(answered.max())) if len(answered) else (0.0, 1.0)
    # Latencies span decades: bins of equal width would put all but a few into the first.
    edges = np.geomspace(max(least, 1e-3), max(most, least, 2e-3) * 1.0001, _BINS + 1)
    edges[0] = min(edges[0], max(least, 0.0))
    counts, _ = np.histogram(answered, edges)
    marks = {
        name: float(np.quantile(answered, level))
        for name, level in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        if len(answered)
    }
    return Evidence(
        "histogram",
        "Response time from the planned start",
        {
            "unit": "ms",
            "edges": [float(edge) for edge in edges],
            "counts": [int(count) for count in counts],
            "marks": marks,
        },
    )


def latency_over_time(traffic: Traffic) -> Evidence:
    """p50 and p99 of the answered requests in slices of the run, ms over s."""
    window = traffic.window
    edges = np.linspace(0.0, window.seconds, _slices(traffic) + 1)
    x: list[float] = []
    lines: dict[str, list[float]] = {"p50": [], "p99": []}
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        inside = window.response[(window.planned >= start) & (window.planned < end)]
        inside = inside[np.isfinite(inside)] * 1e3
        if len(inside):
            x.append(float((start + end) / 2))
            lines["p50"].append(float(np.quantile(inside, 0.5)))
            lines["p99"].append(float(np.quantile(inside, 0.99)))
    return Evidence(
        "series",
        "Response time over the run",
        {"unit": "ms", "x_unit": "s", "x": x, "series": lines},
    )


def memory_over_time(traffic: Traffic) -> Evidence | None:
    """The candidate's memory, MiB over s from the start of the judged part; None: not measured."""
    seen = [
        (sample.at - traffic.window.start, sample.memory_bytes / _MIB)
        for sample in traffic.usage
        if sample.memory_bytes is not None
    ]
    if len(seen) < 2:
        return None
    return Evidence(
        "series",
        "Memory under load",
        {
            "unit": "MiB",
            "x_unit": "s",
            "x": [at for at, _ in seen],
            "series": {"memory": [used for _, used in seen]},
        },
    )


def _slices(traffic: Traffic) -> int:
    return max(1, min(_SLICES, traffic.n // _LEAST_IN_SLICE))
