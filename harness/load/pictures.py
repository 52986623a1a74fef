"""Evidence that the report can draw from a load run."""

from __future__ import annotations

import numpy as np

from harness.load.traffic import Traffic
from harness.model import Evidence

_BINS = 40


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
