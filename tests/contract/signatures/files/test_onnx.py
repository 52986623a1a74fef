"""ONNX files: inputs that no initializer fills, and outputs, with their symbols."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.contract.signatures import of_file
from harness.errors import ConfigError


def _write(path: Path, inputs: list[Any], outputs: list[Any], filled: tuple[str, ...] = ()) -> Path:
    from onnx import TensorProto, helper, save

    values = [helper.make_tensor_value_info(*item) for item in inputs]
    results = [helper.make_tensor_value_info(*item) for item in outputs]
    weights = [helper.make_tensor(name, TensorProto.FLOAT, [1], [0.0]) for name in filled]
    graph = helper.make_graph([], "g", values, results, weights)
    save(helper.make_model(graph), str(path))
    return path


def test_inputs_and_outputs_of_the_graph(tmp_path: Path) -> None:
    inputs = [("ids", 7, ["batch_size", "length"]), ("scale", 1, [1])]
    outputs = [("logits", 11, ["batch_size", 3]), ("label", 8, ["batch_size"])]
    found = of_file(_write(tmp_path / "m.onnx", inputs, outputs, filled=("scale",)))
    assert [(t.name, t.datatype, t.shape) for t in found.inputs] == [
        ("ids", "INT64", ["batch", "length"])
    ]
    assert [(t.name, t.datatype, t.shape) for t in found.outputs] == [
        ("logits", "FP64", ["batch", 3]),
        ("label", "BYTES", ["batch"]),
    ]


def test_an_input_of_half_precision_brain_floats_is_beyond_json(tmp_path: Path) -> None:
    found = of_file(_write(tmp_path / "m.onnx", [("x", 16, [1])], []))
    assert found.inputs == () and "'bfloat16'" in found.notes[0]


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.onnx", [("x", 1, [1, 4])], [("y", 1, [1, 4])])
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ConfigError, match=r"m\.onnx: "):
        of_file(path)
