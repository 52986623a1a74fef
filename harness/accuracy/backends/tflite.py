"""TFLite and LiteRT models, run by ai-edge-litert on one CPU thread.

A model with int8 inputs wants quantized rows: q = clip(round(x / scale) + zero point). A plain
cast loses scale and zero point, and truncation in place of rounding changes rows as well. The rows
of a data set are always real numbers, whatever their datatype: the reference reads the same ones.
Quantized outputs come back as (q - zero point) * scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.backends.base import Array, Options, Slot
from harness.accuracy.errors import ModelError

SUFFIXES = (".tflite", ".litert")


class LiteSession:
    """An interpreter, resized when the number of rows changes."""

    def __init__(self, interpreter: Any, batch: int) -> None:
        self._interpreter = interpreter
        self.runtime = f"ai-edge-litert {version('ai-edge-litert')}"
        self._inputs = interpreter.get_input_details()
        self._rows = int(self._inputs[0]["shape"][0])
        self.inputs = tuple(_slot(detail) for detail in self._inputs)
        self.fixed_batch = self._rows if self._refuses(batch) else None

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name, dequantized."""
        self._resize(len(next(iter(feeds.values()))))
        for detail in self._inputs:
            rows = feeds[detail["name"]]
            self._interpreter.set_tensor(detail["index"], quantize(rows, detail))
        self._interpreter.invoke()
        return {
            detail["name"]: dequantize(self._interpreter.get_tensor(detail["index"]), detail)
            for detail in self._interpreter.get_output_details()
        }

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
    """Open a model and size it for `options.batch` rows."""
    from ai_edge_litert.interpreter import Interpreter

    return LiteSession(Interpreter(model_path=str(path), num_threads=1), options.batch)


def quantize(rows: Array, detail: Mapping[str, Any]) -> Array:
    """Rows as the input wants them; `detail` is the interpreter's own description of it.

    Raises ModelError for NaN, which no whole number stands for.
    """
    scale, zero_point = detail["quantization"]
    dtype = np.dtype(detail["dtype"])
    if not scale or dtype.kind not in "iu":
        return rows
    span = np.iinfo(dtype)
    steps = np.rint(rows / np.float32(scale)) + zero_point
    if np.isnan(steps).any():
        raise ModelError(f"a row holds NaN, which the {dtype} input {detail['name']!r} cannot take")
    quantized: Array = np.clip(steps, span.min, span.max).astype(dtype)
    return quantized


def dequantize(values: Array, detail: Mapping[str, Any]) -> Array:
    """Outputs as real numbers, float32."""
    scale, zero_point = detail["quantization"]
    if not scale or values.dtype.kind not in "iu":
        return values
    real: Array = (values.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
    return real


def _slot(detail: Mapping[str, Any]) -> Slot:
    signature = detail.get("shape_signature", detail["shape"])
    shape = tuple(None if size < 0 else int(size) for size in signature[1:])
    dtype = np.dtype(detail["dtype"])
    # A quantized input takes real numbers, which `quantize` turns into its own.
    real = dtype.kind in "iu" and detail["quantization"][0]
    return Slot(detail["name"], np.dtype(np.float32) if real else dtype, shape)
