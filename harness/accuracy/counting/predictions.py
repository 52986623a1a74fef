"""From what a model answers to what it means, row by row: a class, scores, or numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.backends import Answers
from harness.accuracy.errors import ModelError
from harness.accuracy.workers import Array

CLASSES = "classes"  # a class, or a score for each class
SCORES = "scores"  # the same, but a lone number is a score of the positive class
NUMBERS = "numbers"  # one or more numbers that are wrong by more or less
OUTPUTS = "outputs"  # whatever a function of the user's makes of it
NONE, NO_TEXT = int(np.iinfo(np.int64).min), "\N{SYMBOL FOR NULL}"  # in place of a class
_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Predictions:
    """What every row's answer means, and how far it can be believed."""

    classes: Array  # int64 or text; without meaning where not `known`; zeros for mere numbers
    known: NDArray[np.bool_]  # answered, and every score finite
    finite: NDArray[np.bool_]  # False: answered with NaN or infinity
    scores: Array  # of every row, shape (n, k), NaN where there is none; (n, 0) for bare classes
    problem: str = ""

    def told(self) -> Array:
        """The classes, with `NONE` or `NO_TEXT` in place of those that are not known."""
        if self.known.all():
            return self.classes
        none = NO_TEXT if self.classes.dtype.kind == "U" else NONE
        classes: Array = np.where(self.known, self.classes, none)
        return classes


def interpret(answers: Answers, kind: str = CLASSES, threshold: float = _THRESHOLD) -> Predictions:
    """What each answer stands for.

    Scores of shape (n, k) mean the class with the highest score, the first where scores tie. One
    number a row means a class where it is whole, and a probability of class 1 where it is a
    fraction; for kind `SCORES` it is a score, which means class 1 from `threshold` on. A row with
    NaN or infinity among its scores means no class at all.

    Raises ModelError for answers that stand for nothing of that kind.
    """
    count = len(answers.missing)
    values = answers.values
    if len(values) != count - int(answers.missing.sum()):
        raise ModelError(f"answers {len(values)} rows where {count} were asked")
    if kind == OUTPUTS:
        classes, scores = np.zeros(len(values), np.int64), values
    elif kind == NUMBERS:
        classes, scores = np.zeros(len(values), np.int64), _numbers(values)
    else:
        values = _squeezed(values)
        scores = values if values.ndim == 2 else np.empty((len(values), 0), np.float32)
        if kind == SCORES and values.ndim == 1:
            scores = values.reshape(-1, 1)
        classes = _classes(values, kind, threshold)
    finite = _finite(values)
    return _spread(answers, classes, finite, scores)


def _classes(values: Array, kind: str, threshold: float) -> Array:
    if values.ndim == 2:
        best: Array = values.argmax(axis=1)  # NaN wins here, and such a row is not `known`
        return best
    if kind == SCORES and values.dtype.kind == "f":
        positive: Array = (values >= threshold).astype(np.int64)
        return positive
    return _bare(values, _finite(values))


def _squeezed(values: Array) -> Array:
    """Without dimensions of one element behind the first: (n, 1, 1, k) is (n, k)."""
    shape = [size for size in values.shape[1:] if size != 1]
    if len(shape) > 1 or (shape and values.dtype.kind in "US"):
        raise ModelError(
            f"answers shape {values.shape[1:]} a row, expected a class or a score for each class"
        )
    return values.reshape(len(values), *shape)


def _numbers(values: Array) -> Array:
    if values.dtype.kind not in "biuf":
        shown = str(values.flat[0]) if values.size else ""
        raise ModelError(f"answers the text {shown!r}, expected a number")
    width = int(np.prod(values.shape[1:], dtype=np.int64))
    flat = values.reshape(len(values), width)
    return flat if flat.dtype.kind == "f" else flat.astype(np.float64)


def _finite(values: Array) -> NDArray[np.bool_]:
    """Rows without NaN and infinity."""
    if values.dtype.kind != "f":
        return np.ones(len(values), bool)
    good: Array = np.isfinite(values)
    if good.all():  # much cheaper than row by row, and nearly always so
        return np.ones(len(values), bool)
    rows: NDArray[np.bool_] = np.all(good.reshape(len(values), -1), axis=1)
    return rows


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
            "probability; for numbers there are the metrics mae, rmse, r2 and quantile, for scores "
            "auroc"
        )
    result: Array = np.where(fraction, safe >= _THRESHOLD, safe).astype(np.int64)
    return result


def _spread(
    answers: Answers, classes: Array, finite: NDArray[np.bool_], scores: Array
) -> Predictions:
    """The answers at the places of their rows."""
    missing = answers.missing
    if not missing.any():
        return Predictions(classes, finite, finite, scores)
    there = ~missing
    spread_classes = np.zeros(len(missing), classes.dtype if len(classes) else np.int64)
    spread_finite = np.ones(len(missing), bool)
    blank = np.nan if scores.dtype.kind in "biuf" else ""
    dtype = scores.dtype if scores.dtype.kind in "fU" else np.float64
    spread_scores = np.full((len(missing), *scores.shape[1:]), blank, dtype)
    spread_classes[there], spread_finite[there], spread_scores[there] = classes, finite, scores
    known = there & spread_finite
    return Predictions(spread_classes, known, spread_finite, spread_scores, answers.problem)
