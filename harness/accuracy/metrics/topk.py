"""Share of rows whose label is among the k classes with the highest scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy.errors import ModelError
from harness.accuracy.metrics.base import Measured, View
from harness.accuracy.metrics.rows import measure_rows
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Scheme

KIND = "classes"


def fits(scheme: Scheme) -> None:
    """Raise ModelError unless both models answer more than k scores a row."""
    for name, width in zip(("reference", "candidate"), scheme.widths, strict=True):
        if 0 <= width <= scheme.k:
            told = f"{width} scores" if width else "a class and no scores"
            raise ModelError(
                f"the {name} answers {told} a row, but metric 'topk' with k = {scheme.k} needs "
                f'more than {scheme.k}; set accuracy.k lower, or metric = "accuracy"'
            )


def right(scheme: Scheme, view: View) -> tuple[Array, Array]:
    """Whether fewer than k classes come before the label; of equal scores the first comes first."""
    first, second = (
        side.known & (_rank(side.scores, view.labels) < scheme.k) for side in view.sides
    )
    return first, second


def sums(scheme: Scheme, view: View) -> Array | None:
    """None: right and wrong are counted anyway."""
    return None


def kept(scheme: Scheme, view: View) -> dict[str, Array]:
    """Nothing."""
    return {}


def measure(scheme: Scheme, counts: Counts, level: float, seed: int) -> Measured:
    """Both shares in %, and their paired difference."""
    return measure_rows(scheme, counts, level)


def _rank(scores: Array, labels: Array) -> Array:
    """How many classes come before the label of each row; none where there are no scores."""
    if not scores.shape[1]:
        return np.zeros(len(scores), np.int64)
    own = scores[np.arange(len(scores)), labels][:, None]
    before = np.arange(scores.shape[1]) < labels[:, None]
    rank: Array = ((scores > own) | ((scores == own) & before)).sum(axis=1)
    return rank
