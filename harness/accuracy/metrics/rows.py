"""What metrics that are means over rows of right and wrong have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.accuracy import statistics
from harness.accuracy.metrics.base import Measured

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Scheme


def measure_rows(scheme: Scheme, counts: Counts, level: float) -> Measured:
    """Shares of right rows, and Tango's score interval of their paired difference.

    Over clusters, where there are any, the interval is one that knows of them.
    """
    table = counts.table()
    drop, method = table.drop(level), "score interval of the paired difference (Tango 1998)"
    if scheme.clusters is not None:
        drop = statistics.clustered(counts.clusters.sums[:, :3], level).scaled(100)
        method += f" over {len(counts.clusters)} clusters by column {scheme.clusters!r}"
    return Measured(table.reference_accuracy, table.candidate_accuracy, drop, "%", method)
