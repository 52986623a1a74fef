"""A service and its file, asked the same rows: what the check says of the two."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import Finding, Measurement, Severity
from harness.accuracy.served import served_agreement, served_idle
from harness.config import load
from harness.testing import Reply, serve

Rows = Any
Answer = Callable[[Rows], Any]
GATE = """
version = 1
[candidate]
name = "m"
url = "http://127.0.0.1:9"
[contract]
protocol = "tensorflow-serving"
{contract}
[[contract.inputs]]
name = "x"
datatype = "FP32"
shape = ["batch", 16]
[accuracy]
dataset = "eval.npz"
reference = "reference.onnx"
candidate = "served"
{accuracy}
"""
ROWS = 96


def _save(path: Path, seed: int) -> Any:
    """A small network; the session that the service uses."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(seed)
    first = random.normal(0, 0.3, (16, 12)).astype(np.float32)
    second = random.normal(0, 0.8, (12, 4)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "b"], ["l"]),
        helper.make_node("Softmax", ["l"], ["scores"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 16])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(first, "a"), numpy_helper.from_array(second, "b")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any]:
    """A folder with `file.onnx`, `reference.onnx` and `eval.npz`, and a session of each."""
    folder = tmp_path_factory.mktemp("served")
    file, reference = _save(folder / "file.onnx", 1), _save(folder / "reference.onnx", 2)
    x = np.random.default_rng(0).uniform(0, 4, (ROWS, 16)).astype(np.float32)
    (scores,) = file.run(None, {"x": x})
    np.savez(folder / "eval.npz", x=x, y=scores.argmax(axis=1))
    return folder, file, reference


def _told(
    folder: Path,
    answer: Answer,
    accuracy: str = 'file = "file.onnx"',
    contract: str = "",
) -> tuple[dict[str, Measurement], list[Finding]]:
    gate = folder / "gate.toml"
    gate.write_text(GATE.format(accuracy=accuracy, contract=contract))

    def handle(method: str, path: str, body: bytes) -> Reply:
        if method == "GET":  # the server says nothing of its outputs
            return Reply(b"{}", 404)
        found = answer(np.asarray(json.loads(body)["instances"], np.float32))
        if isinstance(found, Reply):
            return found
        return Reply(json.dumps({"predictions": np.asarray(found).tolist()}).encode())

    with serve(handle) as endpoint:
        told = served_agreement(load(gate), endpoint.base_url)
    measured = {m.name: m for m in told if isinstance(m, Measurement)}
    return measured, [f for f in told if isinstance(f, Finding)]


def _run(session: Any, rows: Rows) -> Any:
    return session.run(None, {"x": np.ascontiguousarray(rows, np.float32)})[0]


def test_a_service_that_runs_its_file_agrees_to_the_bit(models: Any) -> None:
    folder, file, _ = models
    measured, findings = _told(folder, lambda rows: _run(file, rows))
    assert measured["served_equal"].value == 100
    assert measured["served_equal"].n == ROWS
    assert measured["file_accuracy"].value == measured["served_accuracy"].value == 100
    assert [finding.rule for finding in findings] == ["served-file"]
    assert "96 of 96 rows as file.onnx does, bit by bit" in findings[0].message


def test_a_skewed_service_is_told_with_its_cause_and_rows(models: Any) -> None:
    folder, file, _ = models
    measured, findings = _told(folder, lambda rows: _run(file, rows / 255))
    assert measured["served_equal"].value == 0
    assert findings[1].rule == "scale"
    assert "scales inputs by 1/255, which gives 64 of 64 answers" in findings[1].message
    assert findings[1].severity is Severity.WARNING  # the limit decides
    rows = [finding for finding in findings if finding.rule == "served-differs"]
    assert len(rows) == 5
    assert rows[0].reproduce.startswith("curl ")


def test_a_service_that_holds_the_reference_is_told(models: Any) -> None:
    folder, _, reference = models
    _, findings = _told(folder, lambda rows: _run(reference, rows))
    assert findings[1].rule == "other-model"
    assert "serves another model, reference.onnx" in findings[1].message


@pytest.mark.parametrize("shift", [0, 1])
def test_a_service_that_answers_classes(models: Any, shift: int) -> None:
    folder, file, _ = models

    def classes(rows: Rows) -> Any:
        return (_run(file, rows).argmax(axis=1) + shift) % 4

    measured, findings = _told(folder, classes)
    assert measured["served_equal"].value == (100 if shift == 0 else 0)
    assert measured["served_accuracy"].value == measured["served_equal"].value
    if shift:
        assert findings[1].rule == "label-order"


def test_an_explicit_tolerance_is_allowed_and_none_is_not(models: Any) -> None:
    """Six decimals are not the file's bits; `contract.tolerance` says that they will do."""
    folder, file, _ = models

    def rounded(rows: Rows) -> Any:
        return np.round(_run(file, rows).astype(np.float64), 6)

    measured, findings = _told(folder, rounded)
    assert measured["served_equal"].value < 10
    assert findings[1].rule == "output-rounding"
    assert "rounds its answers to 6 decimals" in findings[1].message
    measured, findings = _told(folder, rounded, contract="tolerance = 1e-5")
    assert measured["served_equal"].value == 100


def test_rows_without_an_answer_are_no_agreement(models: Any) -> None:
    folder, file, _ = models

    def picky(rows: Rows) -> Any:
        return Reply(b"no", 500) if len(rows) < 32 or rows[0, 0] > 2 else _run(file, rows)

    measured, findings = _told(folder, lambda rows: Reply(b"no", 500))
    assert measured["served_equal"].value == 0
    assert findings[-1].rule == "unanswered"
    assert findings[-1].severity is Severity.ERROR
    assert findings[-1].received == "status 500: no"


def test_a_service_of_other_rows_is_undecided_where_no_file_was_named(models: Any) -> None:
    """`candidate` is a file by its own right; nothing says that the service takes such rows."""
    folder, _, _ = models
    gate = folder / "gate.toml"
    accuracy = "batch = 32"
    text = GATE.replace('candidate = "served"', 'candidate = "file.onnx"')
    gate.write_text(text.format(accuracy=accuracy, contract=""))
    with serve(lambda method, path, body: Reply(b"expected text", 400)) as endpoint:
        told = served_agreement(load(gate), endpoint.base_url)
    measured = told[0]
    assert isinstance(measured, Measurement)
    assert (measured.low, measured.high) == (0, 100)
    assert isinstance(told[-1], Finding)
    assert told[-1].severity is Severity.DOUBT


def test_answers_of_another_form(models: Any) -> None:
    folder, file, _ = models
    measured, findings = _told(folder, lambda rows: _run(file, rows)[:, :3])
    assert measured["served_equal"].value == 0
    assert findings[-1].rule == "other-model"
    assert "answers 3 numbers a row and the file 4" in findings[-1].message


def test_a_service_that_answers_otherwise_each_time(models: Any) -> None:
    folder, file, _ = models
    random = np.random.default_rng(0)

    def noisy(rows: Rows) -> Any:
        scores = _run(file, rows)
        return scores + random.normal(0, 0.05, scores.shape)

    measured, findings = _told(folder, noisy)
    assert measured["served_equal"].value == 0
    assert "unsteady" in [finding.rule for finding in findings]


@pytest.mark.parametrize(
    ("accuracy", "protocol", "why"),
    [
        ("", "tensorflow-serving", "accuracy.file does not say which model file"),
        ('file = "file.onnx"', "tensorflow-serving", ""),
        ('file = "file.onnx"', "json", "[accuracy.served] does not say how a row is asked"),
    ],
)
def test_where_there_is_nothing_to_compare(
    models: Any, accuracy: str, protocol: str, why: str
) -> None:
    folder, _, _ = models
    gate = folder / "gate.toml"
    text = GATE.format(accuracy=accuracy, contract='path = "/predict"' * (protocol == "json"))
    gate.write_text(text.replace("tensorflow-serving", protocol))
    idle = served_idle(load(gate))
    assert idle.startswith(why)
    assert bool(idle) == bool(why)


@pytest.fixture(scope="module")
def dynamic(models: Any) -> Any:
    """`dynamic.onnx` beside the others: quantized by the span of each batch."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    folder, _, _ = models
    weights = np.random.default_rng(5).normal(0, 0.4, (16, 4)).astype(np.float32)
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        helper.make_node("MatMul", ["d", "w"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "dynamic",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 16])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(weights, "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    path = folder / "dynamic.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def test_a_file_that_differs_from_itself_is_met_within_that_noise(
    models: Any, dynamic: Any
) -> None:
    """The service runs each row alone, the file runs them by 32."""
    folder, _, _ = models

    def alone(rows: Rows) -> Any:
        return np.concatenate([_run(dynamic, rows[i : i + 1]) for i in range(len(rows))])

    measured, findings = _told(folder, alone, 'file = "dynamic.onnx"')
    assert measured["served_equal"].value == 100
    assert "within its own noise of 0.0" in findings[0].message
    measured, findings = _told(folder, lambda rows: alone(rows / 2), 'file = "dynamic.onnx"')
    assert measured["served_equal"].value < 10
    assert "scale" in [finding.rule for finding in findings]
