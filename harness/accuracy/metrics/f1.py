"""F1: the harmonic mean of precision and recall, of one class or over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy import statistics
from harness.accuracy.errors import DatasetError
from harness.accuracy.metrics.accuracy import right
from harness.accuracy.metrics.base import Measured, View
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Scheme

__all__ = ["KIND", "fits", "kept", "measure", "right", "sums"]
KIND = "classes"


def fits(scheme: Scheme) -> None:
    """Every form of answer that means a class will do."""


def sums(scheme: Scheme, view: View) -> Array | None:
    """None: F1 is a function of the counted pairs."""
    return None


def kept(scheme: Scheme, view: View) -> dict[str, Array]:
    """Of clusters, every row's label and answers: which pairs belong to which cluster."""
    if view.clusters is None:
        return {}
    first, second = (side.told() for side in view.sides)
    return {"label": view.labels, "reference": first, "candidate": second, "cluster": view.clusters}


def measure(scheme: Scheme, counts: Counts, level: float, seed: int) -> Measured:
    """Both F1 in %, and the interval of their difference by resampling rows, or clusters.

    Raises DatasetError where there are too many classes, or no row of the positive one.
    """
    if counts.pairs is None:
        raise DatasetError(
            "metric 'f1' needs the pairs of label and answer, of which there are too many; "
            "it is for classes, not for text that is different in every row"
        )
    table = Pairs.of(counts.pairs.keys, scheme)
    cells = counts.pairs.sums[:, 0]
    first, second = (float(table.f1(side, cells[None])[0]) for side in (0, 1))
    method = "resampled rows (BCa bootstrap)"
    try:
        if scheme.clusters is None:
            found = statistics.multinomial_bootstrap(cells, table.lost, level, seed)
        else:
            found = _over_clusters(table, counts, level, seed)
            method = f"resampled clusters by column {scheme.clusters!r} (BCa bootstrap)"
    except ValueError as problem:
        raise DatasetError(f"metric 'f1': {problem}") from None
    drop = found.at_least(table.unseen(cells, counts, level)).scaled(100)
    return Measured(100 * first, 100 * second, drop, "%", f"{table.name}, {method}")


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The kinds of rows that there are: the class of the label, and of both answers, as indices."""

    keys: Array  # (m, 3), as counted
    index: Array  # int, (m, 3), into the classes of the data set; past them: not among these
    classes: int
    average: str
    positive: int | None
    name: str

    @staticmethod
    def of(keys: Array, scheme: Scheme) -> Pairs:
        """Of the counted keys. Raises DatasetError where the positive class has no row."""
        names = np.unique(keys[:, 0])
        index = np.searchsorted(names, keys)
        there = names[np.minimum(index, len(names) - 1)] == keys
        positive, name = None, f"F1, {scheme.average} over {len(names)} classes"
        if scheme.positive is not None:
            shown = [str(value) for value in names]
            if scheme.positive not in shown:
                raise DatasetError(
                    f"accuracy.positive = {scheme.positive!r}: no row has this label; labels: "
                    f"{', '.join(shown[:20])}"
                )
            positive, name = shown.index(scheme.positive), f"F1 of class {scheme.positive}"
        index = np.where(there, index, len(names))
        return Pairs(keys, index, len(names), scheme.average, positive, name)

    def f1(self, side: int, tables: Array) -> Array:
        """F1 of reference (0) or candidate (1) in each of the tables, shape (r, m)."""
        labels, answers = self.index[:, 0], self.index[:, 1 + side]
        true = _grouped(tables, np.where(labels == answers, labels, self.classes), self.classes)
        support = _grouped(tables, labels, self.classes)
        told = _grouped(tables, answers, self.classes)
        if self.positive is not None:
            at = self.positive
            return _harmonic(true[:, at], support[:, at], told[:, at])
        if self.average == "micro":
            return _harmonic(true.sum(1), support.sum(1), told.sum(1))
        each = _harmonic(true, support, told)
        weights = support if self.average == "weighted" else support > 0
        mean: Array = (each * weights).sum(axis=1) / weights.sum(axis=1)
        return mean

    def lost(self, tables: Array) -> Array:
        """How much less the candidate has, in each table."""
        return self.f1(0, tables) - self.f1(1, tables)

    def unseen(self, cells: Array, counts: Counts, level: float) -> float:
        """How much F1 could be lost in rows of which these show none: all in the rarest class."""
        support = _grouped(cells[None], self.index[:, 0], self.classes)[0]
        clusters = len(counts.clusters)
        if self.positive is not None:
            return _unseen(support[self.positive], clusters, level)
        if self.average == "macro":
            return _unseen(support.min(), clusters, level) / self.classes
        return _unseen(support.sum(), clusters, level)


def _unseen(rows: float, clusters: int, level: float) -> float:
    """Of clusters, where there are fewer of them than rows."""
    return statistics.unseen(min(int(rows), clusters or int(rows)), level)


def _over_clusters(table: Pairs, counts: Counts, level: float, seed: int) -> statistics.Interval:
    """Whole clusters are drawn, with all their rows."""
    keys = np.stack([counts.column(n) for n in ("label", "reference", "candidate")], axis=1)
    kinds = {tuple(key): i for i, key in enumerate(table.keys.tolist())}
    found, inverse = np.unique(keys, axis=0, return_inverse=True)
    kind = np.asarray([kinds[tuple(key)] for key in found.tolist()])[inverse.reshape(-1)]
    clusters, own = np.unique(counts.column("cluster"), return_inverse=True)

    def lost(drawn: Array) -> float:
        times = np.bincount(drawn, minlength=len(clusters))
        cells = np.bincount(kind, weights=times[own], minlength=len(table.keys))
        return float(table.lost(cells[None])[0])

    every = np.arange(len(clusters))
    return statistics.bootstrap(lost, [every], level, seed, seconds=60.0)


def _grouped(tables: Array, index: Array, classes: int) -> Array:
    """Rows of each class in each table: (r, m) and (m,) become (r, classes)."""
    order = np.argsort(index, kind="stable")
    ordered = index[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    grouped = np.zeros((len(tables), classes + 1))
    grouped[:, ordered[starts]] = np.add.reduceat(tables[:, order], starts, axis=1)
    return grouped[:, :classes]


def _harmonic(true: Array, support: Array, told: Array) -> Array:
    """2 TP / (2 TP + FN + FP); 0 where there is neither a row nor an answer of the class."""
    both = support + told
    value: Array = np.divide(2 * true, both, out=np.zeros(both.shape), where=both > 0)
    return value
