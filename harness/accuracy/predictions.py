"""From what a model answers to the class that it means, row by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.errors import ModelError
from harness.accuracy.workers.frames import Array

_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model answered: values of the rows that it did answer, in their order."""

    values: Array
    missing: NDArray[np.bool_]  # of every row: no answer came


@dataclass(frozen=True, slots=True)
class Predictions:
    """The class of every row, and how far it can be believed."""

    classes: Array  # int64 or text; without meaning where not `known`
    known: NDArray[np.bool_]  # answered, and every score finite
    finite: NDArray[np.bool_]  # False: answered with NaN or infinity
    scores: Array  # of every row, NaN where there is none; shape (n, k), or (n, 0) for bare classes


def interpret(answers: Answers) -> Predictions:
    """The class that each answer stands for.

    Scores of shape (n, k) mean the class with the highest score, the first where scores tie. One
    number a row means a class where it is whole, and a probability of class 1 where it is a
    fraction. A row with NaN or infinity among its scores means no class at all.

    Raises ModelError for answers that stand for no class.
    """
    count = len(answers.missing)
    values = _squeezed(answers.values)
    if len(values) != count - int(answers.missing.sum()):
        raise ModelError(f"answers {len(values)} rows where {count} were asked")
    finite = _finite(values)
    scores = values if values.ndim == 2 else np.empty((len(values), 0), np.float32)
    if values.ndim == 2:
        classes = np.where(finite[:, None], values, 0).argmax(axis=1)
    else:
        classes = _bare(values, finite)
    return _spread(answers.missing, classes, finite, scores)


def _squeezed(values: Array) -> Array:
    """Without dimensions of one element behind the first: (n, 1, 1, k) is (n, k)."""
    shape = [size for size in values.shape[1:] if size != 1]
    if len(shape) > 1 or (shape and values.dtype.kind in "US"):
        raise ModelError(
            f"answers shape {values.shape[1:]} a row, expected a class or a score for each class"
        )
    return values.reshape(len(values), *shape)


def _finite(values: Array) -> NDArray[np.bool_]:
    if values.dtype.kind != "f":
        return np.ones(len(values), bool)
    good = np.isfinite(values)
    result: NDArray[np.bool_] = good if values.ndim == 1 else np.all(good, axis=1)
    return result


def _bare(values: Array, finite: NDArray[np.bool_]) -> Array:
    if values.dtype.kind in "US":
        return values.astype(str)
    if values.dtype.kind in "biu":
        return values.astype(np.int64)
    safe = np.where(finite, values, 0)
    fraction = safe != np.rint(safe)
    strange = fraction & ((safe < 0) | (safe > 1))
    if strange.any():
        raise ModelError(
            f"answers the single number {safe[strange][0]:.6g} for a row, expected a class or a "
            "probability; metric 'accuracy' is for classes"
        )
    result: Array = np.where(fraction, safe >= _THRESHOLD, safe).astype(np.int64)
    return result


def _spread(
    missing: NDArray[np.bool_], classes: Array, finite: NDArray[np.bool_], scores: Array
) -> Predictions:
    """The answers at the places of their rows."""
    if not missing.any():
        return Predictions(classes, finite, finite, scores)
    there = ~missing
    spread_classes = np.zeros(len(missing), classes.dtype if len(classes) else np.int64)
    spread_finite = np.ones(len(missing), bool)
    spread_scores = np.full((len(missing), *scores.shape[1:]), np.nan, np.float64)
    spread_classes[there], spread_finite[there], spread_scores[there] = classes, finite, scores
    return Predictions(spread_classes, there & spread_finite, spread_finite, spread_scores)
