"""ONNX models, through their worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.errors import ModelError
from harness.accuracy.process import ModelProcess

WEIGHTS = np.asarray([[1, 0], [0, 1]], np.float32)


def _run(path: Path, rows: Any, batch: int = 4) -> Any:
    module = "harness.accuracy.backends.onnx"
    model = ModelProcess(path, module, batch, start_within=60, answer_within=60)
    try:
        model.start()
        return model.runtime, model.predict({"rows": np.asarray(rows)})
    finally:
        model.close()


def test_scores_come_back(save_linear: Callable[..., Path]) -> None:
    runtime, scores = _run(save_linear("m.onnx", WEIGHTS), [[3, 4], [5, 6], [7, 8]], batch=2)
    assert runtime.startswith("onnxruntime 1.")
    assert scores.tolist() == [[3, 4], [5, 6], [7, 8]]


def test_a_model_for_one_row_at_a_time(save_linear: Callable[..., Path]) -> None:
    _, scores = _run(save_linear("m.onnx", WEIGHTS, batch=1), [[3, 4], [5, 6]])
    assert scores.tolist() == [[3, 4], [5, 6]]


def test_text_goes_in_and_comes_out(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    slots = [helper.make_tensor_value_info(n, TensorProto.STRING, ["n", 1]) for n in ("x", "y")]
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = helper.make_graph([node], "g", slots[:1], slots[1:])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "t.onnx")
    _, answers = _run(tmp_path / "t.onnx", ["good", "bäd"])
    assert answers.tolist() == [["good"], ["bäd"]]


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
