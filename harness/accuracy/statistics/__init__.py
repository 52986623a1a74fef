"""Statistics of two models on the same rows; plain `math` and numpy, no scipy.

A paired comparison of two classifiers over n rows is four counts. `b` is the number of rows that
the reference gets right and the candidate wrong, `c` the other way round; rows on which both are
right, or both are wrong, carry no weight in the difference (b - c) / n, the loss. All intervals
are two-sided at `confidence`; `one_sided` says which level a limit needs.
"""

from __future__ import annotations

from harness.accuracy.statistics.anytime import anytime, log_evidence, shares
from harness.accuracy.statistics.bootstrap import bootstrap, multinomial_bootstrap
from harness.accuracy.statistics.clusters import clustered, design_effect, together
from harness.accuracy.statistics.delong import delong
from harness.accuracy.statistics.intervals import (
    Interval,
    binomial_tail,
    clopper_pearson,
    one_sided,
    unseen,
    wilson,
)
from harness.accuracy.statistics.multiple import holm
from harness.accuracy.statistics.paired import (
    beyond,
    mcnemar,
    newcombe,
    paired,
    tango,
    tango_statistic,
    within,
    worse,
)

__all__ = [
    "Interval",
    "anytime",
    "beyond",
    "binomial_tail",
    "bootstrap",
    "clopper_pearson",
    "clustered",
    "delong",
    "design_effect",
    "holm",
    "log_evidence",
    "mcnemar",
    "multinomial_bootstrap",
    "newcombe",
    "one_sided",
    "paired",
    "shares",
    "tango",
    "tango_statistic",
    "together",
    "unseen",
    "wilson",
    "within",
    "worse",
]
