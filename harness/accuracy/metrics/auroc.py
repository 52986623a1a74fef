"""The area under the ROC curve: how well scores tell the positive class from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy import statistics
from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.metrics.base import Measured, View
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Predictions, Scheme

KIND = "scores"
_POSITIVE = "1"
_SECONDS = 60.0  # of resampling clusters


def fits(scheme: Scheme) -> None:
    """Raise ModelError unless both models answer scores, and it is clear of which class."""
    for name, width in zip(("reference", "candidate"), scheme.widths, strict=True):
        if not width:
            raise ModelError(f"the {name} answers classes, but metric 'auroc' needs scores")
        if width > 2 and not _column(scheme).isdecimal():
            raise ModelError(
                f"the {name} has {width} scores a row: metric 'auroc' needs the number of one "
                "class in accuracy.positive"
            )
        if width > 2 and int(_column(scheme)) >= width:
            raise ModelError(
                f"the {name} has {width} scores a row, so there is no class {_column(scheme)}; "
                "see accuracy.positive"
            )


def right(scheme: Scheme, view: View) -> tuple[Array, Array]:
    """Whether the more likely side is the right one: the positive class, or another."""
    positive = _positive(scheme, view.labels)
    first, second = (side.known & (_says_positive(scheme, side) == positive) for side in view.sides)
    return first, second


def sums(scheme: Scheme, view: View) -> Array | None:
    """None: ranks are of all rows."""
    return None


def kept(scheme: Scheme, view: View) -> dict[str, Array]:
    """Of every row the label and both scores; NaN where there is no usable answer."""
    first, second = (_score(scheme, side) for side in view.sides)
    found = {
        "positive": _positive(scheme, view.labels),
        "reference": np.where(view.known, first, np.nan),
        "candidate": np.where(view.known, second, np.nan),
    }
    return found if view.clusters is None else {**found, "cluster": view.clusters}


def measure(scheme: Scheme, counts: Counts, level: float, seed: int) -> Measured:
    """Both areas in %, and DeLong's interval of their difference; of clusters, resampled ones.

    Raises DatasetError where one of the two sides has fewer than two rows.
    """
    positive, first, second = (counts.column(n) for n in ("positive", "reference", "candidate"))
    usable = ~np.isnan(first)
    positive, first, second = positive[usable], first[usable], second[usable]
    try:
        one, other, found = statistics.delong(positive, first, second, level)
        method = "interval of DeLong, DeLong and Clarke-Pearson (1988)"
        if scheme.clusters is not None:
            clusters = counts.column("cluster")[usable]
            found = _over_clusters(positive, (first, second), clusters, level, seed)
            method = f"resampled clusters by column {scheme.clusters!r} (BCa bootstrap)"
    except ValueError as problem:
        raise DatasetError(f"metric 'auroc', positive class {_column(scheme)}: {problem}") from None
    return Measured(100 * one, 100 * other, found.scaled(100), "%", method)


def _column(scheme: Scheme) -> str:
    return _POSITIVE if scheme.positive is None else scheme.positive


def _positive(scheme: Scheme, labels: Array) -> Array:
    wanted = _column(scheme)
    if labels.dtype.kind == "U":
        said: Array = labels == wanted
        return said
    if not wanted.lstrip("-").isdecimal():
        raise DatasetError(
            f"accuracy.positive = {wanted!r}, but labels are whole numbers like {labels[0]}"
        )
    return np.asarray(labels == int(wanted))


def _says_positive(scheme: Scheme, side: Predictions) -> Array:
    return np.asarray(side.classes == _class_of(scheme, side))


def _class_of(scheme: Scheme, side: Predictions) -> int:
    """Which score is that of the positive class; a lone score, or the second of two texts'."""
    wanted = _column(scheme)
    width = side.scores.shape[1]
    return int(wanted) if width >= 2 and wanted in map(str, range(width)) else 1


def _score(scheme: Scheme, side: Predictions) -> Array:
    """What ranks the rows: probabilities of the positive class, or what rises with them."""
    scores = side.scores
    if not scores.shape[1]:  # nothing was answered
        return np.full(len(scores), np.nan)
    if scores.shape[1] == 1:
        return scores[:, 0]
    at = _class_of(scheme, side)
    own = scores[:, at].astype(np.float64)
    if scores.shape[1] == 2:
        return own - scores[:, 1 - at]
    if scheme.scale != "logits":
        return own
    others = np.delete(scores, at, axis=1).astype(np.float64)
    highest = others.max(axis=1)
    odds: Array = own - highest - np.log(np.exp(others - highest[:, None]).sum(axis=1))
    return odds


def _over_clusters(
    positive: Array, scores: tuple[Array, Array], clusters: Array, level: float, seed: int
) -> statistics.Interval:
    """Whole clusters are drawn; the rows are sorted only once."""
    names, own = np.unique(clusters, return_inverse=True)
    ranked = [np.unique(score, return_inverse=True) for score in scores]

    def area(side: int, times: Array) -> float:
        values, rank = ranked[side]
        weights = times[own]
        up = np.bincount(rank, weights=weights * positive, minlength=len(values))
        down = np.bincount(rank, weights=weights * ~positive, minlength=len(values))
        below = np.cumsum(down) - down / 2
        return float((up * below).sum() / (up.sum() * down.sum()))

    def lost(drawn: Array) -> float:
        times = np.bincount(drawn, minlength=len(names)).astype(np.float64)
        return area(0, times) - area(1, times)

    least = min(len(np.unique(own[positive])), len(np.unique(own[~positive])))
    found = statistics.bootstrap(lost, [np.arange(len(names))], level, seed, seconds=_SECONDS)
    return found.at_least(statistics.unseen(least, level))
