"""What quantization made of a layer's weights; numpy only."""

from __future__ import annotations

import numpy as np

from harness.accuracy.layers.layer import Weights
from harness.accuracy.workers import Array

_FOLDED = 0.1  # quantization alone does not stretch most outputs by so much


def compared(reference: Array, candidate: Array, scales: int) -> Weights:
    """The noise of `candidate`, real weights of the shape of `reference`; axis 0 the outputs.

    Where a normalisation behind the operator was folded into the weights, they are compared up to a
    factor for each output.
    """
    rows = reference.reshape(len(reference), -1).astype(np.float64)
    given = candidate.reshape(rows.shape).astype(np.float64)
    rows = rows * _folded(rows, given)
    noise = given - rows
    return Weights(_mean_ratio(rows, noise), _mean_ratio(rows, per_channel(rows) - rows), scales)


def dequantized(values: Array, scale: Array, zero_point: Array, axis: int) -> Array:
    """Whole numbers as real ones; `scale` has one element, or one for each index of `axis`."""
    shape = [1] * values.ndim
    if scale.size > 1:
        shape[axis] = scale.size
    point = zero_point.reshape(shape if zero_point.size > 1 else [1] * values.ndim)
    real: Array = (values.astype(np.float64) - point) * scale.astype(np.float64).reshape(shape)
    return real


def per_channel(rows: Array) -> Array:
    """Weights of shape (outputs, rest) after eight bits, symmetric, with a scale for each output.

    As onnxruntime and TFLite do it: steps of max |w| / 127.
    """
    steps = np.abs(rows).max(axis=1, keepdims=True) / 127
    safe = np.where(steps > 0, steps, 1.0)
    found: Array = np.rint(rows / safe) * safe
    return found


def _folded(rows: Array, given: Array) -> Array:
    """The factor of each output, shape (outputs, 1), by least squares; ones where none was folded.

    An output that is lost altogether has none, and counts as lost.
    """
    power = np.square(rows).sum(axis=1, keepdims=True)
    factors = (rows * given).sum(axis=1, keepdims=True) / np.where(power > 0, power, 1.0)
    known = factors[factors != 0]
    if not known.size or np.median(np.abs(known - 1)) < _FOLDED:
        return np.ones_like(factors)
    return np.where(factors == 0, 1.0, factors)


def _mean_ratio(signal: Array, noise: Array) -> float:
    """Noise to signal of each output, averaged: no large output hides what small ones lost."""
    power = np.square(signal).sum(axis=1)
    kept = power > 0
    if not kept.any():
        return 0.0
    return float((np.square(noise).sum(axis=1)[kept] / power[kept]).mean())
