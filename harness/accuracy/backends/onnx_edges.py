"""What the whole numbers at the edges of an ONNX graph stand for, read from the file.

An ONNX input of type int8 says nothing of its scale. The first operators behind it do:
DequantizeLinear, or one of the QLinear family; and those before an output likewise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.backends.base import Array
from harness.accuracy.backends.quantization import Affine

_MOVES = ("Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity")  # same numbers
# Operator -> where scale and zero point of its first input, and of its output, stand.
_READS = {name: (1, 2) for name in ("DequantizeLinear", "QLinearConv", "QLinearMatMul")} | {
    name: (1, 2)
    for name in ("QLinearAdd", "QLinearMul", "QGemm", "QLinearSoftmax", "QLinearSigmoid")
}
_WRITES = {
    "QuantizeLinear": (1, 2),
    "QLinearConv": (6, 7),
    "QLinearMatMul": (6, 7),
    "QLinearAdd": (6, 7),
    "QLinearMul": (6, 7),
    "QGemm": (7, 8),
    "QLinearSoftmax": (3, 4),
    "QLinearSigmoid": (3, 4),
}


def edges_of(path: Path, names: Collection[str]) -> dict[str, Affine]:
    """Of those inputs and outputs the ones whose scale is known and one for the whole tensor."""
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    constants |= {
        node.output[0]: attribute.t
        for node in graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    }
    found = {}
    for name in names:
        inner = any(entry.name == name for entry in graph.input)
        places = _readers(graph, name) if inner else _writers(graph, name)
        known = [_affine(constants, node, where) for node, where in places]
        first = known[0] if known else None
        if first is not None and all(affine == first for affine in known):
            found[name] = first
    return found


def _readers(graph: Any, name: str) -> Iterator[tuple[Any, tuple[int, int] | None]]:
    """Whoever reads the tensor, however it was moved about."""
    for node in graph.node:
        if name in node.input:
            if node.op_type in _MOVES:
                yield from _readers(graph, node.output[0])
            else:
                yield node, _READS.get(node.op_type) if node.input[0] == name else None


def _writers(graph: Any, name: str) -> Iterator[tuple[Any, tuple[int, int] | None]]:
    for node in graph.node:
        if name in node.output:
            if node.op_type in _MOVES:
                yield from _writers(graph, node.input[0])
            else:
                yield node, _WRITES.get(node.op_type)


def _affine(constants: Any, node: Any, where: tuple[int, int] | None) -> Affine | None:
    if where is None:
        return None
    scale = _value(constants, node, where[0])
    zero_point = _value(constants, node, where[1])
    if scale is None or scale.size != 1:
        return None
    if zero_point is None:
        return Affine(np.dtype(np.uint8), float(scale.item()), 0)  # as the operator has it
    return Affine(zero_point.dtype, float(scale.item()), int(zero_point.item()))


def _value(constants: Any, node: Any, index: int) -> Array | None:
    from onnx import numpy_helper

    name = node.input[index] if index < len(node.input) else ""
    value: Array | None = numpy_helper.to_array(constants[name]) if name in constants else None
    return value
