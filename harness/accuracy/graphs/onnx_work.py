"""The execution audit of an ONNX file; runs only inside a child process.

onnxruntime's own profile of one row says which kernels ran, on which shapes. Run once as the file
is written and once as the service optimises it, the two tell what was meant and what became of it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.backends.base import Options
from harness.accuracy.backends.onnx import load
from harness.accuracy.backends.quantization import quantized
from harness.accuracy.backends.running import bind
from harness.accuracy.graphs.layers import CONVOLUTIONS, INTEGER, layers_of, nodes_of
from harness.accuracy.graphs.work import Audit, Step, product
from harness.accuracy.workers import Array

_PRODUCTS = ("MatMul", "FusedMatMul", "Gemm", "FusedGemm")
_NAME = 100  # characters of a node's name
_SHOWN = 50  # operators that are named


def audit(path: Path, options: Options, columns: Mapping[str, Array]) -> Audit:
    """Run one row twice and compare. Raises what onnxruntime raises."""
    import onnx

    model = onnx.load(str(path))
    source = _named(model) or str(path)
    feeds = _feeds(path, options, columns)
    meant = {layer.name: layer.op for layer in layers_of(model.graph)}
    if not meant and not any(node.op_type in INTEGER for node in nodes_of(model.graph)):
        return Audit(tuple(_steps(source, options.optimization, feeds)), 0, ())
    written = list(_steps(source, "disabled", feeds))
    ran = tuple(_steps(source, options.optimization, feeds))
    wanted = sum(step.work for step in written if step.integer or step.name in meant)
    fallen = [f"{s.op} {s.name[:_NAME]}" for s in ran if not s.integer and s.name in meant]
    short = (replace(step, name=step.name[:_NAME]) for step in ran)
    return Audit(tuple(short), wanted, tuple(fallen[:_SHOWN]))


def _feeds(path: Path, options: Options, columns: Mapping[str, Array]) -> dict[str, Array]:
    """The first row as the graph takes it: as often as it wants rows, and quantized."""
    session = load(path, options)
    rows = {name: np.repeat(row[:1], session.fixed_batch or 1, 0) for name, row in columns.items()}
    return quantized(bind(session, rows), session.edges)


def _named(model: Any) -> bytes | None:
    """The model with a name of its own for each node, or None where it has them."""
    nodes = list(nodes_of(model.graph))
    if len({node.name for node in nodes} - {""}) == len(nodes):
        return None
    for number, node in enumerate(nodes):
        node.name = f"{node.name or node.op_type}:{number}"
    whole: bytes = model.SerializeToString()
    return whole


def _steps(source: str | bytes, level: str, feeds: Mapping[str, Array]) -> Iterator[Step]:
    """The convolutions and matrix products that one run executes; those of loops once each."""
    found: dict[tuple[str, str], int] = {}
    for event in _profile(source, level, feeds):
        told = event["args"]
        op, name = told["op_name"], event["name"].removesuffix("_kernel_time")
        work = _work(op, _shapes(told["input_type_shape"]), _shapes(told["output_type_shape"]))
        if work:
            found[name, op] = found.get((name, op), 0) + work
    return (Step(name, op, work, op in INTEGER) for (name, op), work in found.items())


def _profile(
    source: str | bytes, level: str, feeds: Mapping[str, Array]
) -> Iterator[dict[str, Any]]:
    """The kernels that one run took, in onnxruntime's words."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    name = "ORT_DISABLE_ALL" if level == "disabled" else f"ORT_ENABLE_{level.upper()}"
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, name)
    # Kernels that pack their weights would hide the shapes of these; what runs stays the same.
    options.add_session_config_entry("session.disable_prepacking", "1")
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = f"{folder}/profile"
        session = onnxruntime.InferenceSession(
            source, sess_options=options, providers=["CPUExecutionProvider"]
        )
        session.run(None, dict(feeds))
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            yield event


def _shapes(described: list[dict[str, list[int]]]) -> list[list[int]]:
    return [shape for row in described for shape in row.values()]


def _work(op: str, inputs: list[list[int]], results: list[list[int]]) -> int:
    """Multiply-adds of one operator; 0 for one that is neither convolution nor product."""
    if not inputs or not results:
        return 0
    first, made = inputs[0], product(results[0])
    if op in CONVOLUTIONS:
        filters = next((shape for shape in inputs[1:] if len(shape) == len(first)), None)
        return made * product(filters[1:]) if filters and len(first) > 2 else 0
    if op in ("Gemm", "QGemm"):
        weights = next((shape for shape in inputs[1:] if len(shape) == 2), None)
        return results[0][0] * product(weights) if weights else 0
    if op in _PRODUCTS or op in INTEGER:
        return made * first[-1]
    return 0
