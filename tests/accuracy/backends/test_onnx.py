"""ONNX models, in a child process of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.backends.base import Options
from harness.accuracy.backends.model import Model, ModelSpec
from harness.accuracy.errors import ModelError

WEIGHTS = np.asarray([[1, 0], [0, 1]], np.float32)
EDGE = {"x_scale": 0.1, "x_zero": -10, "y_scale": 0.5, "y_zero": 3}


def _run(
    path: Path, rows: Any, batch: int = 4, settings: dict[str, str] | None = None
) -> tuple[str, Any]:
    options = Options(batch=batch, settings=settings or {})
    spec = ModelSpec(path.name, "harness.accuracy.backends.onnx", str(path), options)
    with Model(spec) as model:
        (found,) = model.predict({"rows": np.asarray(rows)}).values()
        return model.runtime, found


def _save(path: Path, kind: int, nodes: list[Any], constants: dict[str, Any]) -> Path:
    import onnx
    from onnx import helper, numpy_helper

    slots = [helper.make_tensor_value_info(name, kind, ["n", 2]) for name in ("x", "y")]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "g", slots[:1], slots[1:], tensors)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def test_scores_come_back(save_linear: Callable[..., Path]) -> None:
    runtime, scores = _run(save_linear("m.onnx", WEIGHTS), [[3, 4], [5, 6], [7, 8]], batch=2)
    assert runtime.startswith("onnxruntime 1.")
    assert scores.tolist() == [[3, 4], [5, 6], [7, 8]]


def test_a_model_for_one_row_at_a_time(save_linear: Callable[..., Path]) -> None:
    _, scores = _run(save_linear("m.onnx", WEIGHTS, batch=1), [[3, 4], [5, 6]])
    assert scores.tolist() == [[3, 4], [5, 6]]


def test_settings_reach_the_runtime(save_linear: Callable[..., Path]) -> None:
    """The runtime itself refuses the value, so it has seen it."""
    with pytest.raises(ModelError, match="ORT model verification"):
        _run(
            save_linear("m.onnx", WEIGHTS), [[3, 4]], settings={"session.load_model_format": "ORT"}
        )


def test_text_goes_in_and_comes_out(tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    node = helper.make_node("Identity", ["x"], ["y"])
    path = _save(tmp_path / "t.onnx", TensorProto.STRING, [node], {})
    _, answers = _run(path, [["good", "bäd"]])
    assert answers.tolist() == [["good", "bäd"]]


def test_int8_inputs_and_outputs_stand_for_real_numbers(tmp_path: Path) -> None:
    """Scale and zero point are those of the operators at the edges of the graph."""
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Identity", ["x"], ["same"]),
        helper.make_node("DequantizeLinear", ["same", "x_scale", "x_zero"], ["real"]),
        helper.make_node("QuantizeLinear", ["real", "y_scale", "y_zero"], ["y"]),
    ]
    constants = {
        name: np.asarray(value, np.int8 if name.endswith("zero") else np.float32)
        for name, value in EDGE.items()
    }
    path = _save(tmp_path / "q.onnx", TensorProto.INT8, nodes, constants)
    _, found = _run(path, [[0.26, -0.26], [99.0, 1.0]])
    assert found.tolist() == [[0.5, -0.5], [13.5, 1.0]]


def test_int8_that_stands_for_nothing_else_is_taken_as_it_is(tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    node = helper.make_node("Identity", ["x"], ["y"])
    path = _save(tmp_path / "i.onnx", TensorProto.INT8, [node], {})
    _, found = _run(path, np.asarray([[3, -4]], np.int64))
    assert found.tolist() == [[3, -4]]
    with pytest.raises(ModelError, match="float64 do not fit input 'x' of datatype int8"):
        _run(path, [[0.5, 0.25]])


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x08\x12\xff\xff\xff"])
def test_a_corrupt_model_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"m\.onnx: "):
        _run(tmp_path / "m.onnx", [[1.0]])


def test_a_model_that_was_cut_short(save_linear: Callable[..., Path]) -> None:
    path = save_linear("m.onnx", np.ones((64, 10), np.float32))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"m\.onnx: "):
        _run(path, np.ones((1, 64), np.float32))
