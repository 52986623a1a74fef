"""Pinball loss: how well a quantile is predicted.

Koenker and Bassett, Econometrica 46:33-50 (1978).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy.metrics.base import Measured, View
from harness.accuracy.metrics.errors import columns, errors, ratio, resampled, same_width
from harness.accuracy.metrics.regression import kept, right
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.accuracy.counting import Counts, Scheme

__all__ = ["KIND", "fits", "kept", "measure", "right", "sums"]
KIND = "numbers"


def fits(scheme: Scheme) -> None:
    """Raise ModelError unless both models answer as many numbers."""
    same_width(scheme)


def sums(scheme: Scheme, view: View) -> Array | None:
    """1 and the losses of both: an answer too low costs q, one too high 1 - q."""
    q = scheme.quantile
    first, second = (
        np.maximum(-q * error, (1 - q) * error).mean(axis=1) for error in errors(scheme, view)
    )
    return columns(first, second)


def measure(scheme: Scheme, counts: Counts, level: float, seed: int) -> Measured:
    """Both losses, and the growth in % of the reference's, as pp. Raises DatasetError."""

    def loss(total: Array) -> float:
        return ratio(float(total[1]), float(total[2]))

    found, method = resampled(scheme, counts, loss, level, seed)
    n, first, second = counts.clusters.sums.sum(axis=0)
    method = f"growth of the loss; {method}"
    return Measured(float(first / n), float(second / n), found.scaled(100), "", method)
