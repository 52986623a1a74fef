"""The flip ledger: how many answers changed, from what to what, how closely they were decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy.counting.flips import BINS, Flip
from harness.accuracy.counting.predictions import CLASSES, NO_TEXT, NONE, SCORES
from harness.accuracy.evidence.outputs import outputs
from harness.accuracy.metrics import metric_of
from harness.accuracy.statistics import Interval, clustered
from harness.model import Evidence, Finding, Measurement, Observation, Severity

if TYPE_CHECKING:
    from harness.accuracy.comparison import Comparison
    from harness.config import Gate

_SHOWN = 16  # changed rows that the page has in full
_CLASSES = 20  # of the picture
_NONE = "none"


def classifies(gate: Gate) -> str:
    """Why answers of this gate cannot agree or differ, or ""."""
    if gate.accuracy is None:
        return "the gate has no [accuracy]"
    if metric_of(gate.accuracy.metric).KIND in (CLASSES, SCORES):
        return ""
    return f"metric {gate.accuracy.metric!r} compares numbers, and no classes that could change"


def agreement_evidence(comparison: Comparison) -> list[Observation]:
    """`agreement`, `flip_rate`, `churn`, how far outputs lie apart, and the rows that changed."""
    counts, table = comparison.counts, comparison.table
    changed = counts.rows - counts.same
    same = _share(comparison, counts.same)
    found: list[Observation] = [
        Measurement("agreement", same.value, "%", low=same.low, high=same.high, n=counts.rows),
        Measurement("flip_rate", 100 * table.flips, "%", n=counts.rows),
        Measurement("churn", 100 * changed / counts.rows, "%", n=counts.rows),
        _summary(comparison, changed),
        *outputs(comparison),
    ]
    if comparison.flips:
        found += _pictures(comparison)
    return found


def _share(comparison: Comparison, rows: int) -> Interval:
    """The share that `rows` are of all, in %; over clusters, where there are any."""
    if comparison.scheme.clusters is None:
        return comparison.share(rows).scaled(100)
    counts = comparison.counts.clusters.sums
    changed = counts[:, 0] - counts[:, 3]
    apart = clustered(np.stack([counts[:, 0], changed, 0 * changed], axis=1), comparison.level)
    most = min(1.0, 1 - apart.low)
    return Interval(100 * (1 - apart.value), 100 * (1 - apart.high), 100 * most)


def _summary(comparison: Comparison, changed: int) -> Finding:
    table = comparison.table
    if not changed:
        text = f"none of {comparison.counts.rows} answers changed"
        return Finding("changed-answers", text, severity=Severity.INFO)
    text = (
        f"{changed} of {comparison.counts.rows} answers changed; the flips of right and wrong: "
        f"{table.b} for the worse, {table.c} for the better; {table.w} changed from one wrong "
        "answer to another"
    )
    margin = _median(comparison.counts.margins)
    if margin:
        text += f"; half of the changed answers were decided by a margin under {margin}"
    if comparison.ledger:
        text += f"; all of them are in {comparison.ledger}"
    return Finding("changed-answers", text, severity=Severity.INFO)


def _median(bins: np.ndarray) -> str:
    """The upper edge of the bin that holds the median, as text; "" where there are no margins."""
    total = int(bins.sum())
    if not total:
        return ""
    at = int(np.searchsorted(np.cumsum(bins), (total + 1) // 2))
    return f"{(at + 1) / BINS:.2f}"


def _pictures(comparison: Comparison) -> list[Evidence]:
    """Which answers became which, the margins, and the first rows in full."""
    found = []
    matrix = _matrix(comparison)
    if matrix is not None:
        found.append(matrix)
    margins = comparison.counts.margins
    if margins.any():
        data = {
            "edges": [i / BINS for i in range(BINS + 1)],
            "counts": [int(count) for count in margins],
            "unit": "",
            "marks": {},
        }
        found.append(Evidence("histogram", "Margin of the answers that changed", data))
    text = "\n".join(_line(flip) for flip in comparison.flips[:_SHOWN])
    if comparison.ledger:
        text = f"all changed answers: {comparison.ledger}\n{text}"
    found.append(Evidence("text", "First changed answers", {"text": text}))
    return found


def _matrix(comparison: Comparison) -> Evidence | None:
    """Changed answers by what they were and what they became, of the classes with most of them."""
    pairs = comparison.counts.pairs
    if pairs is None:
        return None
    missing = [NO_TEXT, str(NONE)] if pairs.keys.dtype.kind == "U" else [NONE]
    differ = (pairs.keys[:, 1] != pairs.keys[:, 2]) | np.isin(pairs.keys[:, 1], missing)
    keys, rows = pairs.keys[differ, 1:], pairs.sums[differ, 0]
    if not len(keys):
        return None
    names, index = np.unique(keys, return_inverse=True)
    index = index.reshape(keys.shape)
    weight = np.bincount(index.ravel(), weights=np.repeat(rows, 2), minlength=len(names))
    kept = np.sort(np.argsort(-weight, kind="stable")[:_CLASSES])
    cells = np.zeros((len(names), len(names)), np.int64)
    np.add.at(cells, (index[:, 0], index[:, 1]), rows)
    labels = [_named(str(names[i])) for i in kept]
    more = "" if len(kept) == len(names) else f": the {_CLASSES} classes with most of them"
    data = {
        "unit": "rows",
        "down": "reference",
        "across": "candidate",
        "rows": labels,
        "columns": labels,
        "cells": cells[np.ix_(kept, kept)].tolist(),
    }
    return Evidence("matrix", f"What changed answers were and became{more}", data)


def _named(key: str) -> str:
    return _NONE if key in (NO_TEXT, str(NONE)) else key


def _line(flip: Flip) -> str:
    right = "now right" if flip.candidate == flip.label else "changed"
    mark = "worse" if flip.harmful else right
    text = f"row {flip.row}: label {flip.label}, reference {flip.reference}"
    text = f"{text}, candidate {flip.candidate} ({mark})"
    if not flip.reference_scores or flip.classes:  # none, or only the highest of many
        return text
    first = " ".join(f"{score:.3g}" for score in flip.reference_scores)
    second = " ".join(f"{score:.3g}" for score in flip.candidate_scores)
    if len(flip.reference_scores) == 1:
        return f"{text}: {first} became {second}"
    return f"{text}\n  reference: {first}\n  candidate: {second}"
