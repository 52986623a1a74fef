"""Answers of a file and of a service brought to one form, so that they can be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.errors import ModelError
from harness.accuracy.workers import Array

Mask = NDArray[np.bool_]
Readings = Callable[[Array], Array]
CLOSE = 1e-6  # between a score and what another library's softmax makes of it


@dataclass(frozen=True, slots=True)
class Form:
    """How answers of the service relate to those of the file, row by row."""

    name: str  # "" where they are the same thing
    of_file: Readings  # from the file's answers to what the service must answer
    exact: bool  # whether every bit must agree


def numbers(values: Array) -> Array:
    """Shape (n, k): one row of numbers or one text a row."""
    return values.reshape(len(values), -1)


def form_of(file: Array, service: Array) -> Form:
    """The form that the service's answers have, seen from the file's.

    Both have a row for each row. Raises ModelError where the two cannot be compared at all.
    """
    a, b = numbers(file), numbers(service)
    if "U" in (a.dtype.kind, b.dtype.kind):
        return _texts(a, b)
    if a.shape[1] == b.shape[1]:
        return _same_shape(a, b)
    if b.shape[1] == 1 and a.shape[1] > 1:
        if a.shape[1] == 2 and _fractions(b):
            return Form("the score of class 1", lambda values: numbers(values)[:, 1:], True)
        return Form("the class with the highest score", _best, True)
    if a.shape[1] == 1 and b.shape[1] == 2 and _fractions(a):
        return Form("both probabilities", _both, False)
    raise ModelError(
        f"the service answers {b.shape[1]} numbers a row and the file {a.shape[1]}: they are not "
        "the same model, or not the same output; accuracy.output names the output"
    )


def same(expected: Array, received: Array, slack: float) -> Mask:
    """Rows that are equal to the bit, or apart by no more than `slack`. NaN equals NaN."""
    a, b = numbers(expected), numbers(received)
    if "U" in (a.dtype.kind, b.dtype.kind):
        return np.asarray((a.astype(str) == b.astype(str)).all(axis=1))
    with np.errstate(over="ignore", invalid="ignore"):
        b = b.astype(a.dtype) if a.dtype.kind == "f" else b
        equal = a == b
        if a.dtype.kind == "f":
            equal |= np.isnan(a) & np.isnan(b)
            if slack:
                equal |= np.abs(a.astype(np.float64) - b) <= slack
    return np.asarray(equal.all(axis=1))


def softmax(values: Array) -> Array:
    """Scores as probabilities, float64."""
    real = numbers(values).astype(np.float64)
    powers = np.exp(real - real.max(axis=1, keepdims=True))
    probabilities: Array = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def sigmoid(values: Array) -> Array:
    """Scores as probabilities, each for itself, float64."""
    real: Array = 1 / (1 + np.exp(-numbers(values).astype(np.float64)))
    return real


def probable(values: Array) -> bool:
    """Whether rows are probabilities already."""
    real = numbers(values)
    if real.dtype.kind != "f" or not np.isfinite(real).all():
        return False
    inside = bool((real >= 0).all() and (real <= 1).all())
    return inside and (real.shape[1] == 1 or bool(np.allclose(real.sum(axis=1), 1, atol=0.05)))


def _same_shape(a: Array, b: Array) -> Form:
    """Scores as they are, or made probabilities on the way out, which is a service's right."""
    plain = Form("", numbers, True)
    if a.dtype.kind != "f" or probable(a) or not probable(b) or not np.isfinite(a).all():
        return plain
    for name, made in (("softmax", softmax), ("sigmoid", sigmoid)):
        if name == "softmax" and a.shape[1] == 1:
            continue
        if np.mean(same(made(a), b, CLOSE)) > 0.5:
            return Form(f"{name} of the scores", made, False)
    return plain


def _texts(a: Array, b: Array) -> Form:
    """Names of classes: of whole numbers or scores by what the service mostly calls them."""
    if b.shape[1] != 1:
        raise ModelError(
            f"the service answers {b.shape[1]} texts a row, expected one, the name of a class"
        )
    if a.dtype.kind == "U":
        return Form("", numbers, True)
    classes = numbers(a) if a.shape[1] == 1 else _best(a)
    names: dict[int, str] = {}
    for found in np.unique(classes):
        said, often = np.unique(b[classes == found], return_counts=True)
        names[int(found)] = str(said[often.argmax()])
    shown = ", ".join(f"{number} {name!r}" for number, name in list(names.items())[:10])

    def named(values: Array) -> Array:
        real = numbers(values)
        chosen = real if real.shape[1] == 1 else _best(real)
        return np.asarray([[names.get(int(one), "?")] for one in chosen[:, 0]])

    return Form(f"names of classes ({shown})", named, True)


def _best(values: Array) -> Array:
    best: Array = numbers(values).argmax(axis=1)[:, None].astype(np.int64)
    return best


def _both(values: Array) -> Array:
    one = numbers(values).astype(np.float64)
    return np.hstack([1 - one, one])


def _fractions(values: Array) -> bool:
    return probable(values) and bool((values != np.rint(values)).any())
