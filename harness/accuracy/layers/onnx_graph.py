"""The graphs of two ONNX files laid beside each other; read only inside a child process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.accuracy.backends.quantization import Affine
from harness.accuracy.layers.layer import Probe
from harness.accuracy.layers.onnx_weights import weights_of
from harness.accuracy.workers import Array

_MOVES = ("Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Identity")
# Operators whose outputs are no layer of their own in a graph of floats.
_PLAIN = (*_MOVES, "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Cast", "Shape")
_ACTIVATIONS = ("Relu", "Clip")  # a quantizer that cannot go below zero takes their place
_TWO = ("QLinearConv", "QLinearMatMul", "QLinearAdd", "QLinearMul", "QGemm")
_SUFFIXES = ("_QuantizeLinear_Input", "_QuantizeLinear_Output", "_quantized")  # onnxruntime's


class Graph:
    """A GraphProto by the names of its tensors."""

    def __init__(self, graph: Any) -> None:
        self.nodes: list[Any] = list(graph.node)
        self.constants = {tensor.name: tensor for tensor in graph.initializer}
        for node in self.nodes:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self.constants[node.output[0]] = node.attribute[0].t
        self.inputs = [e.name for e in graph.input if e.name not in self.constants]
        self._makers = {name: node for node in self.nodes for name in node.output if name}
        self._readers: dict[str, list[Any]] = {}
        for node in self.nodes:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)

    def maker(self, name: str) -> Any:
        """The node that makes a tensor, or None."""
        return self._makers.get(name)

    def readers(self, name: str) -> list[Any]:
        """The nodes that read a tensor."""
        return self._readers.get(name, [])

    def tensors(self) -> Iterator[str]:
        """Everything that is computed, in its order; inputs first."""
        yield from self.inputs
        for node in self.nodes:
            yield from (name for name in node.output if name and name not in self.constants)

    def value(self, name: str) -> Array | None:
        """A constant."""
        from onnx import numpy_helper

        tensor = self.constants.get(name)
        return None if tensor is None else np.asarray(numpy_helper.to_array(tensor))


@dataclass(frozen=True, slots=True)
class Point:
    """A tensor of the candidate; without `affine` its values are real numbers."""

    source: str
    affine: Affine | None


@dataclass(frozen=True, slots=True)
class Found:
    """A probe, and where it is in the candidate."""

    probe: Probe
    source: str
    affine: Affine | None


def paired(reference: Graph, candidate: Graph) -> list[Found]:
    """The tensors that both graphs have, in the order of the reference."""
    points = _points(candidate)
    pairs: dict[str, Point] = {}
    for name in reference.tensors():
        target = _behind_activation(reference, name, points)
        if target is not None and not _moved(reference, target, pairs):
            pairs.setdefault(target, points[name])
    return [
        Found(_probe(reference, candidate, name, pairs), point.source, point.affine)
        for name, point in pairs.items()
    ]


def _points(graph: Graph) -> dict[str, Point]:
    """By the name that a tensor most likely has in the reference; whole numbers come first."""
    found: dict[str, Point] = {}
    for node in graph.nodes:
        for place in _data_inputs(node):
            affine = _affine(graph, node, place)
            source = node.input[place]
            if affine is not None and source not in graph.constants:
                for name in _names(graph, node, source):
                    found.setdefault(name, Point(source, affine))
    for node in graph.nodes:
        if node.op_type not in _PLAIN:
            for name in node.output:
                found.setdefault(name, Point(name, None))
    return found


def _data_inputs(node: Any) -> list[int]:
    """The places of inputs that scale and zero point follow."""
    if node.op_type == "DequantizeLinear":
        return [0]
    if node.op_type == "QLinearConcat":
        return list(range(2, len(node.input) - 2, 3))
    if node.op_type in _TWO:
        return [0, 3]
    return [0] if node.op_type.startswith("QLinear") else []


def _affine(graph: Graph, node: Any, place: int) -> Affine | None:
    scale = graph.value(node.input[place + 1])
    named = node.input[place + 2] if place + 2 < len(node.input) else ""
    point = graph.value(named) if named else np.zeros((), np.uint8)
    if scale is None or point is None or scale.size != 1 or point.dtype.kind not in "iu":
        return None
    return Affine(point.dtype, float(scale.item()), int(point.item()))


def _names(graph: Graph, node: Any, source: str) -> Iterator[str]:
    """What a quantized tensor may have been called before."""
    maker = graph.maker(source)
    if maker is not None and maker.op_type == "QuantizeLinear":
        yield _bare(maker.input[0])
    yield _bare(source)
    if node.op_type == "DequantizeLinear":
        yield node.output[0]


def _bare(name: str) -> str:
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _behind_activation(reference: Graph, name: str, points: dict[str, Point]) -> str | None:
    """The tensor of the reference that the candidate's `name` stands for, or None."""
    if name not in points:
        return None
    readers = reference.readers(name)
    if points[name].affine is not None and len(readers) == 1:
        after: str = readers[0].output[0]
        if readers[0].op_type in _ACTIVATIONS and after not in points:
            return after
    return name


def _moved(reference: Graph, name: str, pairs: dict[str, Point]) -> bool:
    """Whether the tensor holds no more than the values of another that is looked at."""
    maker = reference.maker(name)
    return maker is not None and maker.op_type in _MOVES and maker.input[0] in pairs


def _probe(reference: Graph, candidate: Graph, name: str, pairs: dict[str, Point]) -> Probe:
    nodes, parents = _made_of(reference, name, pairs)
    if not nodes:
        return Probe(name, name, "input", ())
    node, weights = nodes[0], None
    for behind in nodes:
        found = weights_of(reference, candidate, behind)
        if found is not None:
            node, weights = behind, found
            break
    return Probe(name, node.name or node.output[0], node.op_type, tuple(parents), weights)


def _made_of(
    reference: Graph, name: str, pairs: dict[str, Point]
) -> tuple[list[Any], dict[str, None]]:
    """The nodes between a tensor and the nearest others that are looked at, and those tensors."""
    nodes: list[Any] = []
    parents: dict[str, None] = {}
    waiting, seen = [name], {name}
    while waiting:
        maker = reference.maker(waiting.pop(0))
        if maker is None or maker in nodes:
            continue
        nodes.append(maker)
        for before in maker.input:
            if before in pairs:
                parents[before] = None
            elif before not in seen:
                seen.add(before)
                waiting.append(before)
    return nodes, parents
