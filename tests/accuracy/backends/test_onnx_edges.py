"""Scale and zero point at the edges of an ONNX graph, from the operators that stand there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from harness.accuracy.backends.onnx_edges import edges_of
from harness.accuracy.backends.quantization import Affine

CONSTANTS: dict[str, Any] = {
    "s": np.asarray(0.5, np.float32),
    "z": np.asarray(3, np.uint8),
    "t": np.asarray(0.25, np.float32),
    "u": np.asarray(-7, np.int8),
    "many": np.asarray([0.5, 0.25], np.float32),
    "w": np.ones((2, 2), np.int8),
    "shape": np.asarray([-1, 2]),
}


def _edges(folder: Path, *nodes: Any) -> dict[str, Affine]:
    slots = [helper.make_tensor_value_info(name, TensorProto.UINT8, ["n", 2]) for name in "xy"]
    tensors = [numpy_helper.from_array(value, name) for name, value in CONSTANTS.items()]
    graph = helper.make_graph(list(nodes), "g", slots[:1], slots[1:], tensors)
    onnx.save(helper.make_model(graph), folder / "m.onnx")
    return edges_of(folder / "m.onnx", {"x", "y"})


def _node(kind: str, inputs: str, output: str) -> Any:
    return helper.make_node(kind, inputs.split(), [output])


def test_qdq_edges_are_found_behind_what_only_moves_numbers(tmp_path: Path) -> None:
    found = _edges(
        tmp_path,
        _node("Reshape", "x shape", "moved"),
        _node("DequantizeLinear", "moved s z", "real"),
        _node("QuantizeLinear", "real t u", "q"),
        _node("Transpose", "q", "y"),
    )
    assert found == {
        "x": Affine(np.dtype(np.uint8), 0.5, 3),
        "y": Affine(np.dtype(np.int8), 0.25, -7),
    }


def test_operators_on_whole_numbers_say_it_too(tmp_path: Path) -> None:
    found = _edges(tmp_path, _node("QLinearMatMul", "x s z w t u t u", "y"))
    assert found == {
        "x": Affine(np.dtype(np.uint8), 0.5, 3),
        "y": Affine(np.dtype(np.int8), 0.25, -7),
    }


def test_a_missing_zero_point_is_zero(tmp_path: Path) -> None:
    found = _edges(
        tmp_path, _node("DequantizeLinear", "x s", "r"), _node("QuantizeLinear", "r s", "y")
    )
    assert found["x"] == found["y"] == Affine(np.dtype(np.uint8), 0.5, 0)


@pytest.mark.parametrize(
    "readers",
    [
        [("Cast", "x")],  # whole numbers that stand for themselves
        [("DequantizeLinear", "x many z")],  # one scale for each channel
        [("DequantizeLinear", "x s z"), ("DequantizeLinear", "x t z")],  # two readings
    ],
)
def test_what_is_not_clear_is_not_guessed(tmp_path: Path, readers: list[tuple[str, str]]) -> None:
    nodes = [_node(kind, inputs, f"r{i}") for i, (kind, inputs) in enumerate(readers)]
    assert "x" not in _edges(tmp_path, *nodes)
