"""Errors of numbers: MAE, RMSE and R2."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.metrics.base import Measured, View
from harness.accuracy.metrics.errors import columns, errors, ratio, resampled, same_width
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Scheme

KIND = "numbers"


def fits(scheme: Scheme) -> None:
    """Raise ModelError unless both models answer as many numbers, for R2 one."""
    same_width(scheme)
    if scheme.metric == "r2" and scheme.widths[0] > 1:
        raise ModelError(f"answers {scheme.widths[0]} numbers a row; metric 'r2' is for one")


def right(scheme: Scheme, view: View) -> tuple[Array, Array]:
    """No row: numbers are never simply right."""
    none = np.zeros(len(view.ids), bool)
    return none, none


def sums(scheme: Scheme, view: View) -> Array | None:
    """1 and the errors of both; for R2 the labels and their squares as well."""
    first, second = errors(scheme, view)
    if scheme.metric == "mae":
        return columns(np.abs(first).mean(axis=1), np.abs(second).mean(axis=1))
    squares = (first**2).mean(axis=1), (second**2).mean(axis=1)
    if scheme.metric == "rmse":
        return columns(*squares)
    labels = view.labels.reshape(-1) - scheme.shift
    return columns(*squares, labels, labels**2)


def kept(scheme: Scheme, view: View) -> dict[str, Array]:
    """Nothing."""
    return {}


def measure(scheme: Scheme, counts: Counts, level: float, seed: int) -> Measured:
    """Both values; the loss of an error is its growth in % of the reference's, as pp.

    Raises DatasetError where the value is not defined.
    """

    def loss(total: Array) -> float:
        first, second = _both(scheme, total)
        return first - second if scheme.metric == "r2" else ratio(first, second)

    found, method = resampled(scheme, counts, loss, level, seed)
    first, second = _both(scheme, counts.clusters.sums.sum(axis=0))
    if scheme.metric == "r2":
        return Measured(100 * first, 100 * second, found.scaled(100), "%", method)
    return Measured(first, second, found.scaled(100), "", f"growth of the error; {method}")


def _both(scheme: Scheme, total: Array) -> tuple[float, float]:
    n, first, second = total[:3]
    if scheme.metric == "mae":
        return float(first / n), float(second / n)
    if scheme.metric == "rmse":
        return math.sqrt(first / n), math.sqrt(second / n)
    variance = total[4] - total[3] ** 2 / n
    if not variance > 0:
        raise DatasetError("metric 'r2': all labels are the same, so there is nothing to explain")
    return float(1 - first / variance), float(1 - second / variance)
