"""The weights of one operator in the float graph, and what became of them in the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.accuracy.layers.layer import Weights
from harness.accuracy.layers.weights import compared, dequantized
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.accuracy.layers.onnx_graph import Graph

_OUTPUTS_FIRST = ("Conv",)  # the rest of them has the outputs last, or says so


def weights_of(reference: Graph, candidate: Graph, node: Any) -> Weights | None:
    """None where the operator has no weights, or the candidate keeps them as they were."""
    for name in node.input:
        values = reference.value(name)
        if values is not None and values.ndim > 1 and values.dtype.kind == "f":
            found = _by_name(candidate, name) or _by_node(candidate, node)
            return None if found is None else _compared(values, _axis(node, values), *found)
    return None


def _compared(
    values: Array, axis: int, stored: Array, scale: Array, point: Array
) -> Weights | None:
    """Of the two ways in which a matrix may lie the one that fits."""
    turned = values.ndim == 2 and stored.ndim == 2
    ways = [(values, axis)] + ([(values.T, 1 - axis)] if turned else [])
    found = [
        compared(
            np.moveaxis(way, at, 0),
            np.moveaxis(dequantized(stored, scale, point, _scaled(stored, scale, at)), at, 0),
            scale.size,
        )
        for way, at in ways
        if way.shape == stored.shape
    ]
    return min(found, key=lambda weights: weights.ratio, default=None)


def _scaled(stored: Array, scale: Array, axis: int) -> int:
    """The dimension that the scales belong to: that of the outputs, if their number fits."""
    if stored.shape[axis] == scale.size:
        return axis
    return next((k for k, size in enumerate(stored.shape) if size == scale.size), axis)


def _by_name(candidate: Graph, name: str) -> tuple[Array, Array, Array] | None:
    """As onnxruntime's quantizer names them."""
    return _three(candidate, f"{name}_quantized", f"{name}_scale", f"{name}_zero_point")


def _by_node(candidate: Graph, node: Any) -> tuple[Array, Array, Array] | None:
    """Behind the DequantizeLinear before the operator of the same name."""
    twin = next((n for n in candidate.nodes if node.name and n.name == node.name), None)
    for name in [] if twin is None else twin.input:
        maker = candidate.maker(name)
        if maker is not None and maker.op_type == "DequantizeLinear":
            found = _three(candidate, *[*maker.input, ""][:3])
            if found is not None and found[0].ndim > 1:
                return found
    return None


def _three(
    candidate: Graph, stored: str, scale: str, point: str
) -> tuple[Array, Array, Array] | None:
    values, steps, zero = (candidate.value(name) for name in (stored, scale, point))
    if values is None or steps is None or values.dtype.kind not in "iu":
        return None
    return values, steps, np.zeros((), values.dtype) if zero is None else zero


def _axis(node: Any, values: Array) -> int:
    """The dimension of the outputs."""
    if node.op_type in _OUTPUTS_FIRST:
        return 0
    if node.op_type == "ConvTranspose":
        return 1
    turned = any(a.name == "transB" and a.i for a in node.attribute)
    return 0 if turned else values.ndim - 1
