"""Two TFLite models side by side, with every tensor kept.

Without a delegate: tensors inside one cannot be read. Operators are paired one by one where both
files list the same ones (a quantized file has Quantize and Dequantize besides), else by the names
of their outputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.accuracy.backends.litert import LiteSession, affine
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.backends.quantization import Affine
from harness.accuracy.backends.running import bind
from harness.accuracy.layers.layer import Probe, Weights
from harness.accuracy.layers.weights import compared, dequantized
from harness.accuracy.workers import Array

SUFFIXES = (".tflite", ".litert")
_CASTS = ("QUANTIZE", "DEQUANTIZE")
_MOVES = ("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS")
_DEPTHWISE = "DEPTHWISE_CONV_2D"  # its outputs are the last dimension, of all others the first


class LitePair:
    """Both models, opened so that what is between their operators can be read."""

    def __init__(self, reference: ModelSpec, candidate: ModelSpec) -> None:
        self._reference, self._candidate = _Lite(reference), _Lite(candidate)
        self._found = list(_paired(self._reference, self._candidate))
        self.probes: tuple[Probe, ...] = tuple(found[0] for found in self._found)
        self.affines: tuple[Affine | None, ...] = tuple(
            affine(self._candidate.details[found[2]]) for found in self._found
        )
        sessions = self._candidate.session, self._reference.session
        self.fixed_batch = sessions[0].fixed_batch or sessions[1].fixed_batch

    def run(self, columns: Mapping[str, Array]) -> Iterator[tuple[Array, Array]]:
        """For each probe what the two models have there, as real numbers."""
        for side in (self._reference, self._candidate):
            side.session.run(bind(side.session, columns))
        for (_, first, second), numbers in zip(self._found, self.affines, strict=True):
            values = self._candidate.value(second)
            yield (
                self._reference.value(first),
                values if numbers is None else numbers.dequantize(values),
            )

    def saturates(self, columns: Mapping[str, Array]) -> bool:
        """Never: TFLite's kernels add in 32 bits."""
        return False


@dataclass(frozen=True, slots=True)
class _Operator:
    name: str
    inputs: tuple[int, ...]
    output: int


class _Lite:
    """One interpreter that forgets nothing."""

    def __init__(self, spec: ModelSpec) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self._interpreter = Interpreter(
            model_path=spec.path,
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )
        self.session = LiteSession(self._interpreter, spec.options.batch, "none")
        self.details = {row["index"]: row for row in self._interpreter.get_tensor_details()}
        self.operators = [
            _Operator(row["op_name"], tuple(map(int, row["inputs"])), int(row["outputs"][0]))
            for row in self._interpreter._get_ops_details()  # noqa: SLF001: there is no other way
            if len(row["outputs"])
        ]
        self.made = {operator.output for operator in self.operators}
        self.inputs = [int(row["index"]) for row in self._interpreter.get_input_details()]

    def value(self, index: int) -> Array:
        """A tensor as it is now."""
        found: Array = self._interpreter.get_tensor(index)
        return found

    def weights(self, operator: _Operator) -> int | None:
        """The constant matrix among the inputs of an operator."""
        for index in operator.inputs:
            known = index >= 0 and index not in self.made and index not in self.inputs
            if known and len(self.details[index]["shape"]) > 1:
                return index
        return None


def _paired(first: _Lite, second: _Lite) -> Iterator[tuple[Probe, int, int]]:
    """Probes with the numbers of their tensors in both."""
    entries = list(zip(first.inputs, _entries(second), strict=False))
    matched = list(_operators(first, second))
    known = {index for index, _ in entries} | {one.output for one, _ in matched}
    for index, other in entries:
        name = str(first.details[index]["name"])
        yield Probe(name, name, "input", ()), index, other
    makers = {operator.output: operator for operator in first.operators}
    for one, two in matched:
        if one.name not in _MOVES:
            name = str(first.details[one.output]["name"])
            parents = _parents(first, makers, one, known)
            weights = _weights(first, second, one, two)
            yield Probe(name, name, one.name, parents, weights), one.output, two.output


def _entries(side: _Lite) -> list[int]:
    """The inputs, quantized where that is the first thing that is done with them."""
    first = {o.inputs[0]: o.output for o in side.operators if o.name == "QUANTIZE"}
    return [first.get(index, index) for index in side.inputs]


def _operators(first: _Lite, second: _Lite) -> Iterator[tuple[_Operator, _Operator]]:
    kept = [[o for o in side.operators if o.name not in _CASTS] for side in (first, second)]
    if [o.name for o in kept[0]] == [o.name for o in kept[1]]:
        yield from zip(*kept, strict=True)
        return
    named = {second.details[o.output]["name"]: o for o in kept[1]}
    for operator in kept[0]:
        other = named.get(first.details[operator.output]["name"])
        if other is not None:
            yield operator, other


def _parents(
    side: _Lite, makers: Mapping[int, _Operator], operator: _Operator, known: set[int]
) -> tuple[str, ...]:
    """The nearest tensors before an operator that are looked at."""
    found: dict[str, None] = {}
    for index in operator.inputs:
        maker = makers.get(index)
        if index in known and not (maker is not None and maker.name in _MOVES):
            found[str(side.details[index]["name"])] = None
        elif maker is not None:
            found |= dict.fromkeys(_parents(side, makers, maker, known))
    return tuple(found)


def _weights(first: _Lite, second: _Lite, one: _Operator, two: _Operator) -> Weights | None:
    numbers = first.weights(one), second.weights(two)
    if numbers[0] is None or numbers[1] is None:
        return None
    values, stored = first.value(numbers[0]), second.value(numbers[1])
    known: Any = second.details[numbers[1]]["quantization_parameters"]
    if values.shape != stored.shape or not len(known["scales"]) or stored.dtype.kind not in "iu":
        return None
    axis = values.ndim - 1 if one.name == _DEPTHWISE else 0
    scaled = int(known["quantized_dimension"])
    real = dequantized(stored, known["scales"], known["zero_points"], scaled)
    return compared(np.moveaxis(values, axis, 0), np.moveaxis(real, axis, 0), len(known["scales"]))
