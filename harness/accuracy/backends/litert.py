"""TFLite and LiteRT models, run by ai-edge-litert on one CPU thread.

The setting `delegate` is "xnnpack", as services get it by default, or "none".
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.backends.base import Array, Options, Slot, choice
from harness.accuracy.backends.quantization import Affine, dequantized, quantized

SUFFIXES = (".tflite", ".litert")
_RESOLVERS = {"xnnpack": "AUTO", "none": "BUILTIN_WITHOUT_DEFAULT_DELEGATES"}


class LiteSession:
    """An interpreter, resized when the number of rows changes."""

    largest_batch: int | None = None

    def __init__(self, interpreter: Any, batch: int, delegate: str) -> None:
        self._interpreter = interpreter
        self.runtime = f"ai-edge-litert {version('ai-edge-litert')}, delegate {delegate}"
        self._inputs = interpreter.get_input_details()
        self._rows = int(self._inputs[0]["shape"][0]) if len(self._inputs[0]["shape"]) else 1
        details = [*self._inputs, *interpreter.get_output_details()]
        self.edges = {d["name"]: a for d in details if (a := affine(d)) is not None}
        self.inputs = tuple(_slot(detail, self.edges) for detail in self._inputs)
        self.fixed_batch = self._rows if self._refuses(batch) else None

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name, dequantized."""
        self._resize(len(next(iter(feeds.values()))))
        rows = quantized(feeds, self.edges)
        for detail in self._inputs:
            self._interpreter.set_tensor(detail["index"], rows[detail["name"]])
        self._interpreter.invoke()
        found = {
            detail["name"]: self._interpreter.get_tensor(detail["index"])
            for detail in self._interpreter.get_output_details()
        }
        return dequantized(found, self.edges)

    def _resize(self, rows: int) -> None:
        if rows != self._rows:
            for detail in self._inputs:
                shape = [rows, *detail["shape"][1:]]
                self._interpreter.resize_tensor_input(detail["index"], shape)
            self._interpreter.allocate_tensors()
            self._rows = rows

    def _refuses(self, batch: int) -> bool:
        """Whether the graph cannot be resized: some carry the number of rows in a constant."""
        before = self._rows
        self._interpreter.allocate_tensors()
        try:
            self._resize(batch)
            outputs = self._interpreter.get_output_details()
            if all(len(o["shape"]) and o["shape"][0] == batch for o in outputs):
                return False
        except (RuntimeError, ValueError):
            self._rows = -1
        self._resize(before)
        return True


def load(path: Path, options: Options) -> LiteSession:
    """Open a model and size it for `options.batch` rows. Raises ModelError for a wrong setting."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    delegate = choice(options.settings, {"delegate": tuple(_RESOLVERS)})["delegate"]
    interpreter = Interpreter(
        model_path=str(path),
        num_threads=1,
        experimental_op_resolver_type=OpResolverType[_RESOLVERS[delegate]],
    )
    return LiteSession(interpreter, options.batch, delegate)


def affine(detail: Mapping[str, Any]) -> Affine | None:
    """What the numbers of a tensor stand for, by the interpreter's own description of it."""
    scale, zero_point = detail["quantization"]
    dtype = np.dtype(detail["dtype"])
    if not scale or dtype.kind not in "iu":
        return None
    return Affine(dtype, float(scale), int(zero_point))


def _slot(detail: Mapping[str, Any], edges: Mapping[str, Affine]) -> Slot:
    signature = detail.get("shape_signature", detail["shape"])
    shape = tuple(None if size < 0 else int(size) for size in signature[1:])
    real = detail["name"] in edges
    return Slot(detail["name"], np.dtype(np.float32 if real else detail["dtype"]), shape)
