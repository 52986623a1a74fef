"""Whether the reference knows anything of the labels: beside one that does not, nobody loses.

Labels in another order than the classes, rows that are prepared otherwise than in training, or an
output that holds something else leave both models at chance, and the loss between them at zero.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy.counting.predictions import CLASSES, SCORES
from harness.accuracy.statistics.intervals import quantile
from harness.accuracy.workers import Array
from harness.model import Finding, Severity

if TYPE_CHECKING:
    from harness.accuracy.comparison import Comparison


def at_chance(comparison: Comparison) -> list[Finding]:
    """A doubt where the reference's answers have nothing to do with the labels."""
    told = _told(comparison)
    if not told:
        return []
    return [
        Finding(
            "reference-at-chance",
            f"{told}: a candidate cannot lose against it. Are labels numbered as the model's "
            "classes are, rows prepared as in training, and is this the output that is meant?",
            severity=Severity.DOUBT,
            location="accuracy.reference",
            expected="a reference that is better than chance",
        )
    ]


def _told(comparison: Comparison) -> str:
    """What shows it, or ""."""
    kind, metric = comparison.scheme.kind, comparison.scheme.metric
    value = comparison.measured.reference
    if metric == "auroc" and value <= 50:
        return f"the reference's area under the curve is {value:.4g} %, chance gives 50 %"
    if metric == "r2" and value <= 0:
        return f"the reference explains {value:.4g} % of the labels' variance, their mean 0 %"
    if kind not in (CLASSES, SCORES) or metric == "auroc":
        return ""
    table, pairs = comparison.table, comparison.counts.pairs
    if not table.both_right + table.b:
        return f"the reference is right on none of {table.n} rows"
    if pairs is None or beyond_chance(pairs.keys, pairs.sums[:, 0], comparison.certainty):
        return ""
    return (
        f"the reference is right on {table.reference_accuracy:.4g} % of {table.n} rows, no more "
        "than its answers would be if they were dealt out at random"
    )


def beyond_chance(keys: Array, rows: Array, confidence: float) -> bool:
    """Whether labels and answers agree more than two columns of the same values at random would.

    `keys` are pairs of label and answer, shape (m, 2) or more columns, `rows` how many rows have
    each. Cohen's kappa over its standard error under chance (Fleiss, Cohen and Everitt,
    Psychological Bulletin 72:323-327, 1969), one-sided. Of rows of one label nothing can be told:
    True.
    """
    names, index = np.unique(keys[:, :2], return_inverse=True)
    index = index.reshape(len(keys), 2)
    total = float(rows.sum())
    p, q = (
        np.bincount(index[:, side], weights=rows, minlength=len(names)) / total for side in (0, 1)
    )
    if np.count_nonzero(p) < 2:
        return True
    found = float(rows[index[:, 0] == index[:, 1]].sum()) / total
    chance = float(p @ q)
    variance = chance + chance**2 - float((p * q) @ (p + q))
    if variance <= 1e-15:  # always the same answer
        return False
    return (found - chance) * math.sqrt(total / variance) > quantile(2 * confidence - 1)
