"""Evidence that the report can draw from a load run."""

from __future__ import annotations

import numpy as np

from harness.load import hdr
from harness.load.traffic import FAILED_MS, Traffic
from harness.model import Evidence

_BINS = 40


def latency_histogram(traffic: Traffic) -> Evidence:
    """How long answers took, from the planned start, ms; failures are not in the bins.

    Beside them an HdrHistogram of all judged requests (`hdr.encode`), with a line that says so.
    """
    answered = traffic.response[np.isfinite(traffic.response)] * 1e3
    least, most = (float(answered.min()), float(answered.max())) if len(answered) else (0.0, 1.0)
    # Latencies span decades: bins of equal width would put all but a few into the first.
    edges = np.geomspace(max(least, 1e-3), max(most, least, 2e-3) * 1.0001, _BINS + 1)
    edges[0] = min(edges[0], max(least, 0.0))
    counts, _ = np.histogram(answered, edges)
    marks = {
        name: found.value
        for name in ("p50", "p95", "p99")
        if (found := traffic.measure(f"latency_{name}")) and found.value < FAILED_MS
    }
    return Evidence(
        "histogram",
        "Response time from the planned start",
        {
            "unit": "ms",
            "edges": [float(edge) for edge in edges],
            "counts": [int(count) for count in counts],
            "marks": marks,
            "hdr": hdr.encode(traffic.response),
            "hdr_holds": f"microseconds from the planned start; {traffic.failed} of {traffic.n} "
            f"requests failed and are recorded as {hdr.HIGHEST}",
        },
    )
