"""Two ONNX models side by side, with the tensors between their operators as outputs.

Tensors are paired by the names that quantizers keep: `t` of the float graph is `t`, `t_quantized`
or the input of a QuantizeLinear in the other one. Whole numbers are read where integer kernels
write them, so that the kernels are those that the service runs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.accuracy.backends.base import Options
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.backends.onnx import OnnxSession, load
from harness.accuracy.backends.quantization import Affine
from harness.accuracy.backends.running import bind
from harness.accuracy.layers.layer import Probe
from harness.accuracy.layers.onnx_graph import Graph, paired
from harness.accuracy.workers import Array

SUFFIXES = (".onnx",)
_PRECISE = {"session.x64quantprecision": "1"}


class OnnxPair:
    """Both models, opened with more outputs than they have."""

    def __init__(self, reference: ModelSpec, candidate: ModelSpec) -> None:
        import onnx

        self._path, self._options = Path(candidate.path), candidate.options
        models = [onnx.load(spec.path) for spec in (reference, candidate)]
        self._found = paired(Graph(models[0].graph), Graph(models[1].graph))
        self.probes: tuple[Probe, ...] = tuple(found.probe for found in self._found)
        self.affines: tuple[Affine | None, ...] = tuple(found.affine for found in self._found)
        with tempfile.TemporaryDirectory() as folder:
            names = [found.probe.tensor for found in self._found]
            self._reference = _opened(models[0], names, folder, reference.options)
            names = [found.source for found in self._found]
            self._candidate = _opened(models[1], names, folder, candidate.options)
        self.fixed_batch = self._candidate.fixed_batch or self._reference.fixed_batch

    def run(self, columns: Mapping[str, Array]) -> Iterator[tuple[Array, Array]]:
        """For each probe what the two models have there, as real numbers."""
        bound = bind(self._reference, columns)
        first = {**bound, **self._reference.run(bound)}
        second = self._candidate.run(bind(self._candidate, columns))
        for found in self._found:
            values = second[found.source]
            if found.affine is not None and values.dtype.kind in "iu":
                values = found.affine.dequantize(values)
            yield first[found.probe.tensor], values

    def saturates(self, columns: Mapping[str, Array]) -> bool:
        """Whether integer kernels lose bits here: their answers differ from the precise ones'."""
        answers = []
        for settings in (self._options.settings, {**self._options.settings, **_PRECISE}):
            session = load(self._path, replace(self._options, settings=settings))
            answers.append(session.run(bind(session, columns)))
        return any(answers[0][name].tobytes() != answers[1][name].tobytes() for name in answers[0])


def _opened(model: Any, names: list[str], folder: str, options: Options) -> OnnxSession:
    """The model with some of its tensors as outputs; its own outputs stay."""
    import onnx

    known = {output.name for output in model.graph.output}
    inputs = {entry.name for entry in model.graph.input}
    for name in dict.fromkeys(names):
        if name not in known | inputs:
            model.graph.output.append(onnx.ValueInfoProto(name=name))
    path = Path(folder) / "model.onnx"
    large = sum(len(tensor.raw_data) for tensor in model.graph.initializer) > 1 << 30
    onnx.save(model, str(path), save_as_external_data=large, location="model.data")
    return load(path, options)
