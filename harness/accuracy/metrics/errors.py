"""What metrics of numbers have in common: sums over groups of rows, and their resampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy import statistics
from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.metrics.base import View
from harness.accuracy.statistics import Interval
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Scheme

_SECONDS = 60.0


def same_width(scheme: Scheme) -> None:
    """Raise ModelError unless both models answer as many numbers."""
    first, second = scheme.widths
    if first != second and -1 not in scheme.widths:
        raise ModelError(f"the reference answers {first} numbers a row, the candidate {second}")


def errors(scheme: Scheme, view: View) -> tuple[Array, Array]:
    """Answer less label of both models, float64, shape (n, d). Raises ModelError."""
    labels = view.labels.reshape(len(view.labels), -1).astype(np.float64)
    for side in view.sides:
        if side.known.any() and side.scores.shape[1] != labels.shape[1]:
            raise ModelError(
                f"answers {side.scores.shape[1]} numbers a row where labels have "
                f"{labels.shape[1]}; metric {scheme.metric!r} compares one with one"
            )
    first, second = (
        side.scores - labels if side.known.any() else np.full(labels.shape, np.nan)
        for side in view.sides
    )
    return first, second


def columns(*parts: Array) -> Array:
    """A row of sums for each row: 1, and the parts, each of shape (n,)."""
    return np.stack([np.ones(len(parts[0])), *parts], axis=1)


def resampled(
    scheme: Scheme, counts: Counts, value: Callable[[Array], float], level: float, seed: int
) -> tuple[Interval, str]:
    """Interval of a function of the sums, and how it was found; whole groups of rows are drawn.

    Where all rows are in groups of one, this is the bootstrap of rows. Raises DatasetError where
    there are too few.
    """
    groups = counts.clusters
    try:
        found = statistics.bootstrap(
            lambda sums: value(sums.sum(axis=0)), [groups.sums], level, seed, seconds=_SECONDS
        )
    except ValueError as problem:
        raise DatasetError(f"metric {scheme.metric!r}: {problem}") from None
    alone, what = counts.rows, f"{len(groups)} groups of rows"
    if alone == len(groups):
        what = "rows"
    if scheme.clusters is not None:
        alone = len(groups)
        what = f"{len(groups)} clusters by column {scheme.clusters!r}"
    return found.at_least(statistics.unseen(alone, level)), f"resampled {what} (BCa bootstrap)"


def ratio(reference: float, candidate: float) -> float:
    """By how much the error grew, as a share. Raises ValueError where there was none."""
    if reference == 0:
        raise ValueError("the reference makes no error, so growth has no proportion")
    return candidate / reference - 1
