"""Models and data sets that are broken: each is told with its cause, and the gate goes on.

Every case is a run of the gate as a user runs it, with a check of the user's own behind the
accuracy checks: it passes whatever became of them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.gallery.shared import as_toml, run

ROWS = 10_000_000
FAILED, ERRORED, INCONCLUSIVE = (1, "failed"), (3, "errored"), (4, "inconclusive")
AFTER = '''
from harness import Measurement, check


@check(limits={"reached": "== 1"})
def check_reached(gate):
    """The gate came as far as this."""
    return Measurement("reached", 1)
'''
# A runtime of its own, as a distribution brings it.
BACKEND = """
import os
import numpy as np

SUFFIXES = (".aborting",)


class Aborting:
    runtime, fixed_batch, largest_batch = "aborting 1.0", None, None

    def __init__(self):
        from harness.accuracy.backends import Slot

        self.inputs = (Slot("x", np.dtype("float32"), (4,)),)

    def run(self, feeds):
        os.abort()


def load(path, options):
    return Aborting()
"""
ENTRY = "[releasegate.backends]\naborting = aborting_backend\n"


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with good.onnx, good.npz, a check of its own and a runtime of its own."""
    linear(tmp_path / "good.onnx")
    rows = np.random.default_rng(0).normal(size=(900, 4)).astype(np.float32)
    np.savez(tmp_path / "good.npz", x=rows, y=rows[:, :3].argmax(axis=1))
    (tmp_path / "check_after.py").write_text(AFTER)
    site = tmp_path / "site" / "aborting-1.0.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: aborting\nVersion: 1.0\n")
    (site / "entry_points.txt").write_text(ENTRY)
    (site.parent / "aborting_backend.py").write_text(BACKEND)
    monkeypatch.setenv("PYTHONPATH", str(site.parent))
    return tmp_path


def linear(path: Path, more: list[Any] | None = None, constants: list[Any] | None = None) -> None:
    """A model of four numbers and three classes; `more` makes `scores` out of `raw`."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.eye(4, 3, dtype=np.float32), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["raw" if more else "scores"]), *(more or [])]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 3])],
        [weights, *(constants or [])],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def lite(path: Path) -> None:
    """The same model for LiteRT: one fully connected layer, no converter needed."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    def tensor(name: str, shape: list[int], buffer: int) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.buffer, made.type = name, shape, buffer, 0
        return made

    graph, op, code, model = (
        getattr(schema, name)() for name in ("SubGraphT", "OperatorT", "OperatorCodeT", "ModelT")
    )
    graph.tensors = [tensor("x", [1, 4], 0), tensor("w", [3, 4], 1), tensor("scores", [1, 3], 0)]
    op.opcodeIndex, op.inputs, op.outputs = 0, [0, 1, -1], [2]
    op.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    op.builtinOptions = schema.FullyConnectedOptionsT()
    graph.inputs, graph.outputs, graph.operators = [0], [2], [op]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    weights = schema.BufferT()
    weights.data = list(np.eye(3, 4, dtype=np.float32).tobytes())
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [schema.BufferT(), weights]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def corrupt_onnx(folder: Path) -> dict[str, str]:
    data = bytearray((folder / "good.onnx").read_bytes())
    data[8:40] = bytes([0xFF]) * 32
    (folder / "corrupt.onnx").write_bytes(data)
    return {"candidate": "corrupt.onnx"}


def truncated_tflite(folder: Path) -> dict[str, str]:
    """The reference is the whole file: it loads."""
    lite(folder / "whole.tflite")
    whole = (folder / "whole.tflite").read_bytes()
    (folder / "cut.tflite").write_bytes(whole[: len(whole) // 2])
    return {"reference": "whole.tflite", "candidate": "cut.tflite"}


def hundred_gigabytes(folder: Path) -> dict[str, str]:
    from onnx import helper, numpy_helper

    shape = numpy_helper.from_array(np.asarray([25_000_000_000], np.int64), "shape")
    axes = numpy_helper.from_array(np.asarray([0], np.int64), "axes")
    nodes = [
        helper.make_node("ConstantOfShape", ["length"], ["huge"]),
        helper.make_node("ReduceSum", ["huge", "axes"], ["sum"]),
        # By way of the rows, so that nothing is folded before they come.
        helper.make_node("Shape", ["x"], ["here"], end=1),
        helper.make_node("Sign", ["here"], ["one"]),
        helper.make_node("Mul", ["one", "shape"], ["length"]),
        helper.make_node("Add", ["raw", "sum"], ["scores"]),
    ]
    order = [2, 3, 4, 0, 1, 5]
    linear(folder / "huge.onnx", [nodes[i] for i in order], [shape, axes])
    return {"candidate": "huge.onnx"}


def aborting(folder: Path) -> dict[str, str]:
    (folder / "model.aborting").touch()
    return {"candidate": "model.aborting"}


def not_a_number(folder: Path) -> dict[str, str]:
    from onnx import helper

    linear(folder / "nan.onnx", [helper.make_node("Log", ["raw"], ["scores"])])
    return {"candidate": "nan.onnx"}


def data(**columns: Any) -> Callable[[Path], dict[str, str]]:
    def prepare(folder: Path) -> dict[str, str]:
        held = dict(np.load(folder / "good.npz"))
        np.savez(folder / "bad.npz", **{**held, **columns})
        return {"dataset": "bad.npz"}

    return prepare


def labels_in_another_order(folder: Path) -> dict[str, str]:
    """As where somebody sorted the classes by name: both models are right on no row."""
    held = dict(np.load(folder / "good.npz"))
    return data(y=(held["y"] + 1) % 3)(folder)


def ten_million_rows_cut_in_the_middle(folder: Path) -> dict[str, str]:
    (folder / "long").mkdir()
    for name, dtype, row in (("x", "<f4", (4,)), ("y", "<i8", ())):
        with (folder / "long" / f"{name}.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": dtype, "fortran_order": False, "shape": (ROWS, *row)}
            )
            whole = file.tell() + ROWS * np.dtype(dtype).itemsize * int(np.prod(row))
            file.truncate(whole // 2 if name == "x" else whole)  # sparse: nothing is written
    return {"dataset": "long"}


NOTHING = {"x": np.empty((0, 4), np.float32), "y": np.empty(0, np.int64)}
PICKLED = np.asarray([{"a": 1}] * 900, dtype=object)
WORDS = np.full((900, 4), "cat")
CASES: dict[str, tuple[Callable[[Path], dict[str, str]], tuple[int, str], str]] = {
    "a corrupt ONNX file": (corrupt_onnx, ERRORED, "candidate corrupt.onnx: "),
    "a truncated TFLite file": (truncated_tflite, ERRORED, "candidate cut.tflite: "),
    "a model that aborts": (
        aborting,
        ERRORED,
        "candidate model.aborting: the process that ran it was killed by SIGABRT",
    ),
    "a model of a hundred gigabytes": (hundred_gigabytes, ERRORED, "candidate huge.onnx: "),
    "answers that are NaN": (not_a_number, FAILED, "answered NaN or infinity for"),
    "no rows": (data(**NOTHING), ERRORED, "bad.npz: has no rows"),
    "ten rows": (data(x=np.ones((10, 4), np.float32), y=np.zeros(10)), INCONCLUSIVE, "more"),
    "ten million rows, cut in the middle": (
        ten_million_rows_cut_in_the_middle,
        ERRORED,
        "the file is cut short: 10000000 rows are announced, 4999996 are there",
    ),
    "pickled rows": (data(x=PICKLED), ERRORED, "holds pickled Python objects, which are never"),
    "labels that are NaN": (data(y=np.full(900, np.nan)), ERRORED, "'y' of row 0 is nan"),
    "labels of another kind": (data(y=WORDS[:, 0]), ERRORED, "labels are text"),
    "labels that no class has": (data(y=np.full(900, 3)), ERRORED, "label 3 of row 0 is not"),
    "labels in another order": (
        labels_in_another_order,
        INCONCLUSIVE,
        "the reference is right on none of 900 rows",
    ),
    "rows of another datatype": (data(x=WORDS), ERRORED, "do not fit input 'x'"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_told_with_its_cause_and_the_gate_goes_on(name: str, gate: Path) -> None:
    prepare, (wanted, outcome), says = CASES[name]
    accuracy = {"dataset": "good.npz", "reference": "good.onnx", "candidate": "good.onnx"}
    tables = {
        "version": 1,
        "candidate": {"name": "m", "url": "http://127.0.0.1:9"},
        "contract": {
            "path": "/predict",
            "inputs": [{"name": "x", "datatype": "FP32", "shape": ["batch", 4]}],
        },
        "accuracy": {**accuracy, "processes": 1, **prepare(gate)},
        "policy": {"required": ["accuracy.drop", "after"]},
    }
    text = "".join(f"{key} = {as_toml(value)}\n" for key, value in tables.items())
    (gate / "gate.toml").write_text(text)

    only = ("--only", "accuracy", "--only", "after", "--checks", str(gate / "check_after.py"))
    code, report = run(gate / "gate.toml", gate / "out", *only)

    checks = {check["id"]: check for check in report["checks"]}
    drop = checks["accuracy.drop"]
    assert drop["outcome"] == outcome, drop["reason"]
    told = [drop["reason"], *(finding["message"] for finding in drop["findings"])]
    assert any(says in line for line in told), told
    assert checks["after.reached"]["outcome"] == "passed"
    assert code == wanted
