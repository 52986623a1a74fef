"""Whole numbers that stand for real ones: inputs and outputs of quantized models, done right.

An input wants q = clip(round(x / scale) + zero point). A plain cast loses scale and zero point,
and truncation in place of rounding changes rows as well. Outputs stand for
(q - zero point) * scale. (Jacob et al., CVPR 2018; ONNX's QuantizeLinear rounds half to even.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.accuracy.backends.base import Array
from harness.accuracy.errors import ModelError


@dataclass(frozen=True, slots=True)
class Affine:
    """What the whole numbers of one input or output stand for: (q - zero_point) * scale."""

    dtype: np.dtype[Any]
    scale: float
    zero_point: int

    def quantize(self, name: str, rows: Array) -> Array:
        """Rows as the input `name` wants them. Raises ModelError for NaN: no number stands for it.

        The rows of a data set are always real numbers, whatever their datatype: the reference
        reads the same ones.
        """
        span = np.iinfo(self.dtype)
        steps = np.rint(rows / np.float32(self.scale)) + self.zero_point
        if np.isnan(steps).any():
            raise ModelError(
                f"a row holds NaN, which the {self.dtype} input {name!r} cannot take; fill it in "
                "the data set as the service does"
            )
        quantized: Array = np.clip(steps, span.min, span.max).astype(self.dtype)
        return quantized

    def dequantize(self, values: Array) -> Array:
        """The real numbers, float32, that `values` stand for."""
        real: Array = (values.astype(np.float32) - np.float32(self.zero_point)) * np.float32(
            self.scale
        )
        return real


def quantized(feeds: Mapping[str, Array], edges: Mapping[str, Affine]) -> dict[str, Array]:
    """Feeds with the quantized inputs among them in whole numbers."""
    return {
        name: edges[name].quantize(name, rows) if name in edges else rows
        for name, rows in feeds.items()
    }


def dequantized(found: Mapping[str, Array], edges: Mapping[str, Affine]) -> dict[str, Array]:
    """Outputs with the quantized ones among them as real numbers."""
    return {
        name: edges[name].dequantize(value) if name in edges else value
        for name, value in found.items()
    }
