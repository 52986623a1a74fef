"""ONNX models, run by onnxruntime on one CPU thread.

Settings are entries of the session's configuration, like "session.x64quantprecision" = "1".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.backends.base import Array, Options, Slot
from harness.accuracy.backends.onnx_edges import edges_of
from harness.accuracy.backends.quantization import Affine, dequantized, quantized
from harness.accuracy.errors import ModelError

SUFFIXES = (".onnx", ".ort")
_LEVELS = {
    "all": "ORT_ENABLE_ALL",
    "extended": "ORT_ENABLE_EXTENDED",
    "basic": "ORT_ENABLE_BASIC",
    "disabled": "ORT_DISABLE_ALL",
}
_DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
    "tensor(string)": "str",
    **{f"tensor({sign}int{bits})": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16)},
    **{f"tensor({sign}int{bits})": f"{sign}int{bits}" for sign in ("", "u") for bits in (32, 64)},
}
_QUANTIZED = tuple(f"tensor({sign}int{bits})" for sign in ("", "u") for bits in (8, 16))


class OnnxSession:
    """An inference session with the graph optimisations that a service gets by default."""

    largest_batch: int | None = None

    def __init__(self, session: Any, version: str, edges: Mapping[str, Affine]) -> None:
        self._session = session
        self.edges = edges
        self.runtime = f"onnxruntime {version}"
        self._outputs = [output.name for output in session.get_outputs()]
        inputs = session.get_inputs()
        self.inputs = tuple(_slot(node, edges) for node in inputs)
        fixed = {node.shape[0] for node in inputs if isinstance(node.shape[0], int)}
        self.fixed_batch = fixed.pop() if len(fixed) == 1 else None

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name, dequantized. Raises ModelError for an output that is not a tensor."""
        values = self._session.run(self._outputs, quantized(feeds, self.edges))
        for name, value in zip(self._outputs, values, strict=True):
            if not isinstance(value, np.ndarray):
                raise ModelError(
                    f"output {name!r} is a {type(value).__name__}, expected a tensor; "
                    "convert with options={'zipmap': False}"
                )
        return dequantized(dict(zip(self._outputs, values, strict=True)), self.edges)


def load(path: Path, options: Options) -> OnnxSession:
    """Open a model."""
    import onnxruntime

    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads = chosen.inter_op_num_threads = 1
    chosen.log_severity_level = 3
    chosen.graph_optimization_level = getattr(
        onnxruntime.GraphOptimizationLevel, _LEVELS[options.optimization]
    )
    for key, value in options.settings.items():
        chosen.add_session_config_entry(key, value)
    session = onnxruntime.InferenceSession(
        str(path), sess_options=chosen, providers=["CPUExecutionProvider"]
    )
    nodes = [*session.get_inputs(), *session.get_outputs()]
    asked = {node.name for node in nodes if node.type in _QUANTIZED}
    edges = edges_of(path, asked) if asked and path.suffix.lower() == ".onnx" else {}
    return OnnxSession(session, onnxruntime.__version__, edges)


def _slot(node: Any, edges: Mapping[str, Affine]) -> Slot:
    if node.type not in _DTYPES:
        raise ModelError(f"input {node.name!r} is a {node.type}, expected a tensor")
    if not node.shape:
        raise ModelError(f"input {node.name!r} has no dimension for the rows")
    shape = tuple(size if isinstance(size, int) else None for size in node.shape[1:])
    return Slot(node.name, np.dtype("float32" if node.name in edges else _DTYPES[node.type]), shape)
