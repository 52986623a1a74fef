"""The layers that an ONNX file means to run in int8; read only inside a child process.

Three ways of writing them are known: QDQ (operators between DequantizeLinear and QuantizeLinear),
QOperator (QLinearConv and its kin), and dynamic (MatMulInteger and its kin).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.accuracy.workers import Array

CONVOLUTIONS = ("Conv", "FusedConv", "QLinearConv", "ConvInteger")
DYNAMIC = ("DynamicQuantizeLinear", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM")
# Operators that compute in int8, and which of their inputs are weights.
INTEGER: Mapping[str, tuple[int, ...]] = {
    "QLinearConv": (3,),
    "QLinearMatMul": (3,),
    "QGemm": (3,),
    "ConvInteger": (1,),
    "MatMulInteger": (1,),
    "MatMulIntegerToFloat": (1,),
    "DynamicQuantizeMatMul": (1,),
    "DynamicQuantizeLSTM": (1, 2),
    "QAttention": (1,),
}
_QDQ = ("Conv", "MatMul", "Gemm")
_SMALL = ("int8", "uint8")


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator that is meant to run in int8."""

    name: str
    op: str
    weights: tuple[Array, ...]  # int8 or uint8, each (outputs, K), as kernels go along K
    known: bool = True  # False: its second operand is no constant
    widened: bool = False  # its kernel never sums in 16 bits


def layers_of(graph: Any) -> Iterator[Layer]:
    """The int8 layers of a GraphProto and of the graphs inside its nodes, in their order."""
    yield from _Graph(graph, None).layers()


def nodes_of(graph: Any) -> Iterator[Any]:
    """Every node, those of inner graphs included."""
    for node in graph.node:
        yield node
        for inner in _inner(node):
            yield from nodes_of(inner)


class _Graph:
    """One graph with what its constants are and who makes its tensors."""

    def __init__(self, graph: Any, outer: _Graph | None) -> None:
        self._graph, self._outer = graph, outer
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {name: node for node in graph.node for name in node.output if name}

    def layers(self) -> Iterator[Layer]:
        for node in self._graph.node:
            for inner in _inner(node):
                yield from _Graph(inner, self).layers()
            if node.op_type in INTEGER:
                found = [self.value(_input(node, k)) for k in INTEGER[node.op_type]]
                if all(value is None or value.dtype.name in _SMALL for value in found):
                    yield _layer(node, found)
            elif node.op_type in _QDQ and self._small(node):
                yield _layer(node, [self._dequantized(node.input[1])])

    def value(self, name: str) -> Array | None:
        """The constant of that name, or what is computed from constants alone where it is easy."""
        from onnx import numpy_helper

        if name in self._constants:
            return np.asarray(numpy_helper.to_array(self._constants[name]))
        node = self._maker(name)
        if node is None:
            return self._outer.value(name) if self._outer is not None else None
        if node.op_type == "Constant":
            tensor = _attribute(node, "value")
            return None if tensor is None else np.asarray(numpy_helper.to_array(tensor))
        if node.op_type == "QuantizeLinear":
            return self._quantized(node)
        return self._through(node, self.value)

    def _small(self, node: Any) -> bool:
        """Whether both operands come from eight bits."""
        return all(self._bits(name) for name in list(node.input)[:2])

    def _bits(self, name: str) -> bool:
        node = self._maker(name)
        if node is None:
            return False
        if node.op_type in ("Transpose", "Identity", "Reshape"):
            return self._bits(node.input[0])
        if node.op_type != "DequantizeLinear":
            return False
        point = self.value(_input(node, 2))
        stored = point if point is not None else self.value(node.input[0])
        return stored is None or stored.dtype.name in _SMALL

    def _dequantized(self, name: str) -> Array | None:
        """The eight bits behind a DequantizeLinear."""
        node = self._maker(name)
        if node is None:
            return None
        if node.op_type == "DequantizeLinear":
            return self.value(node.input[0])
        return self._through(node, self._dequantized)

    def _through(self, node: Any, read: Any) -> Array | None:
        """What comes out of a node that only moves values."""
        if node.op_type not in ("Transpose", "Identity"):
            return None
        found: Array | None = read(node.input[0])
        if found is None or node.op_type == "Identity":
            return found
        return np.transpose(found, _attribute(node, "perm"))

    def _quantized(self, node: Any) -> Array | None:
        """Weights that are kept as floats and quantized when the graph is loaded."""
        values, scale = self.value(node.input[0]), self.value(_input(node, 1))
        if values is None or scale is None:
            return None
        found = self.value(_input(node, 2))
        point = np.zeros((), np.uint8) if found is None else found
        if point.dtype.name not in _SMALL:
            return point
        axis = _attribute(node, "axis")
        if scale.ndim == 1 and scale.size > 1:
            shape = [1] * values.ndim
            shape[1 if axis is None else axis] = scale.size
            scale, point = scale.reshape(shape), np.reshape(point, shape if point.size > 1 else ())
        span = np.iinfo(point.dtype)
        steps = np.rint(values / scale) + point
        return np.clip(steps, span.min, span.max).astype(point.dtype)

    def _maker(self, name: str) -> Any:
        return self._makers.get(name)


def _layer(node: Any, values: list[Array | None]) -> Layer:
    known = [value for value in values if value is not None]
    rows = tuple(_along_k(node, value) for value in known if value.ndim > 1)
    widened = node.op_type in CONVOLUTIONS and any(_depthwise(node, value) for value in known)
    return Layer(node.name, node.op_type, rows, len(known) == len(values), widened)


def _along_k(node: Any, weights: Array) -> Array:
    """Weights as (outputs, K) in the order in which kernels multiply them.

    Convolutions go over the kernel's places, and over the channels of a group at each place.
    """
    if node.op_type in CONVOLUTIONS:
        places = weights.reshape(len(weights), weights.shape[1], -1)
        return places.transpose(0, 2, 1).reshape(len(weights), -1)
    if node.op_type in ("Gemm", "QGemm") and _attribute(node, "transB"):
        return weights
    return np.swapaxes(weights, -1, -2).reshape(-1, weights.shape[-2])


def _depthwise(node: Any, weights: Array) -> bool:
    groups = _attribute(node, "group") or 1
    return groups > 1 and weights.shape[1] == 1 and len(weights) == groups


def _input(node: Any, index: int) -> str:
    return node.input[index] if index < len(node.input) else ""


def _attribute(node: Any, name: str) -> Any:
    from onnx import helper

    found = next((row for row in node.attribute if row.name == name), None)
    return None if found is None else helper.get_attribute_value(found)


def _inner(node: Any) -> Iterator[Any]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs
