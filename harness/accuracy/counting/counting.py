"""Rows and two models' answers to them, turned into counts: numpy on whole blocks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.accuracy.backends import Answers
from harness.accuracy.counting.counts import Counts, sliced
from harness.accuracy.counting.divergence import Divergence, diverged
from harness.accuracy.counting.flips import binned, flips_of
from harness.accuracy.counting.keyed import Keyed, unique
from harness.accuracy.counting.odd import odd_rows
from harness.accuracy.counting.predictions import CLASSES, SCORES, Predictions
from harness.accuracy.counting.scheme import Scheme, same_form
from harness.accuracy.counting.table import CELLS
from harness.accuracy.datasets import Batch
from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.metrics import Metric, View, metric_of
from harness.accuracy.workers import Array

GROUPS = 4_093  # of rows, for resampling; a prime, so that no period of the data falls in step


def count(batch: Batch, reference: Answers, candidate: Answers, scheme: Scheme) -> Counts:
    """Counts of the rows of one block.

    Raises ModelError where the answers do not fit each other, the labels, or what was answered
    before, and DatasetError for a column that makes no slices.
    """
    metric = metric_of(scheme.metric)
    first, second = (
        _seen("reference", reference, scheme, 0),
        _seen("candidate", candidate, scheme, 1),
    )
    view = View(batch.ids, batch.labels, first, second, batch.clusters)
    odd = (odd_rows(view.ids, view.reference), odd_rows(view.ids, view.candidate))
    classes = scheme.kind in (CLASSES, SCORES)
    if classes:
        _comparable(view, scheme)
    right, also = metric.right(scheme, view)
    same = view.known & (view.reference.classes == view.candidate.classes)
    code = _codes(right, also, same)
    changed = ~same | (right != also) if classes else ~same[:0]
    flips = flips_of(view, changed, right & ~also)
    rows = len(view.ids) if classes else 0
    kept = metric.kept(scheme, view)
    return Counts(
        rows=len(view.ids),
        cells=np.bincount(code[:rows], minlength=CELLS),
        same=int(same[:rows].sum()),
        classes=Keyed.counted(view.labels[:rows].reshape(rows), code[:rows], CELLS),
        pairs=_pairs(view, rows),
        slices=_sliced(batch.slices, code, rows),
        clusters=_clusters(metric, scheme, view, code, same),
        divergence=_diverged(scheme, view),
        margins=binned(scheme.scale, flips),
        flips=flips,
        odd=odd,
        kept=(kept,) if kept else (),
    )


def _seen(side: str, answers: Answers, scheme: Scheme, index: int) -> Predictions:
    try:
        seen = scheme.interpret(answers, index)
        same_form(scheme, index, seen)
    except ModelError as problem:
        raise ModelError(f"the {side} {problem}") from None
    return seen


def _codes(first: Array, second: Array, same: Array) -> Array:
    """The cell of each row: both right, b, c, both wrong and different, both wrong and equal."""
    wrong = np.where(same, np.int64(4), np.int64(3))
    codes: Array = np.where(first, np.where(second, 0, 1), np.where(second, 2, wrong))
    return codes


def _pairs(view: View, rows: int) -> Keyed:
    """(label, reference, candidate) -> number of rows."""
    columns = [view.labels[:rows].reshape(rows), *(side.told()[:rows] for side in view.sides)]
    found = [unique(column) for column in columns]
    sizes = [max(1, len(values)) for values, _ in found]
    code = (found[0][1] * sizes[1] + found[1][1]) * sizes[2] + found[2][1]
    there, counts = np.unique(code, return_counts=True)
    at = np.unravel_index(there, sizes)
    keys = [values[index] for (values, _), index in zip(found, at, strict=True)]
    return Keyed(np.stack(_alike(keys), axis=1), counts.reshape(-1, 1))


def _alike(keys: list[Array]) -> list[Array]:
    """Keys of one datatype: text where any is text."""
    if any(key.dtype.kind == "U" for key in keys):
        return [key.astype(str) for key in keys]
    return [key.astype(np.int64) for key in keys]


def _sliced(columns: Mapping[str, Array], code: Array, rows: int) -> dict[str, Keyed]:
    return {
        name: sliced(name, Keyed.counted(values[:rows], code[:rows], CELLS))
        for name, values in columns.items()
    }


def _clusters(metric: Metric, scheme: Scheme, view: View, code: Array, same: Array) -> Keyed:
    """Sums of each cluster; of metrics that are resampled, of each of `GROUPS` groups of rows.

    Groups of rows resample as rows do, as long as rows are alike whatever their numbers; there are
    no more of them in 10^7 rows than in 10^4.
    """
    sums = metric.sums(scheme, view)
    keys = view.ids % GROUPS if view.clusters is None else view.clusters
    if sums is None:
        sums = np.stack([np.ones(len(code), np.int64), code == 1, code == 2, same], axis=1)
        keys = keys if view.clusters is not None else keys[:0]
    else:
        sums = np.where(view.known[:, None], sums, 0.0)
    return Keyed.of(keys, sums[: len(keys)])


def _diverged(scheme: Scheme, view: View) -> Divergence:
    known = view.known
    if not scheme.scale or not known.any():
        return Divergence.none()
    first, second = (side.scores for side in view.sides)
    if known.all():
        return diverged(scheme, first, second)
    return diverged(scheme, first[known], second[known])


def _comparable(view: View, scheme: Scheme) -> None:
    """Raise ModelError where labels and classes can never be equal.

    Raises DatasetError where labels are of another kind than those of the first rows.
    """
    labels, kinds = view.labels, {True: "text", False: "numbers"}
    if scheme.text != (labels.dtype.kind in "US"):
        raise DatasetError(
            f"labels are {kinds[scheme.text]} in the first rows, and {kinds[not scheme.text]} from "
            f"row {view.ids[0]} on"
        )
    for name, side in zip(("reference", "candidate"), view.sides, strict=True):
        if scheme.kind == SCORES or not side.known.any():
            continue
        if scheme.text != (side.classes.dtype.kind in "US"):
            raise ModelError(
                f"labels are {kinds[scheme.text]}, but the {name} answers "
                f"{kinds[not scheme.text]}; row {view.ids[0]}: label {labels[0]!s}, "
                f"answer {side.classes[0]!s}"
            )
        classes = side.scores.shape[1]
        if classes and (outside := (labels < 0) | (labels >= classes)).any():
            at = int(np.argmax(outside))
            raise ModelError(
                f"label {labels[at]} of row {view.ids[at]} is not among the {classes} classes of "
                f"the {name}, 0 to {classes - 1}"
            )
