"""From a gate.toml to the record of a comparison."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import ConfigError
from harness.accuracy import (
    Comparison,
    DatasetError,
    ModelError,
    Table,
    WorkerDied,
    evaluate,
    validate,
)
from harness.accuracy.backends import backend_of
from harness.config import Gate

GOOD = np.eye(3, dtype=np.float32)
SWAPPED = np.asarray([[0, 1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
SaveLinear = Callable[..., Path]
MakeGate = Callable[..., Gate]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """9,000 rows, a third of each class: more than one portion goes to the workers."""
    labels = np.arange(9_000) % 3
    inputs = np.eye(3, dtype=np.float32)[labels]
    group = np.where(np.arange(9_000) < 900, "a", "b")
    np.savez(tmp_path / "eval.npz", x=inputs, y=labels, group=group)
    return tmp_path / "eval.npz"


def _evaluate(make_gate: MakeGate, **accuracy: Any) -> Comparison:
    known = {"dataset": "eval.npz", "reference": "ref.onnx", "candidate": "cand.onnx"}
    return evaluate(make_gate(**{**known, **accuracy}), None, None)


def test_every_row_is_counted(rows: Path, save_linear: SaveLinear, make_gate: MakeGate) -> None:
    """Classes 0 and 1 swapped: two thirds of the rows are lost, and class 2 is not."""
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", SWAPPED)
    found = _evaluate(make_gate, slices=["group"])
    assert found.table == Table(n=9_000, both_right=3_000, b=6_000)
    assert found.classes["2"] == Table(n=3_000, both_right=3_000)
    assert found.slices["group"]["a"] == Table(n=900, both_right=300, b=600)
    assert found.drop.value == pytest.approx(200 / 3)
    assert found.drop.low < 200 / 3 < found.drop.high
    assert found.agreement.value == pytest.approx(100 / 3)


def test_the_record_names_models_and_runtimes(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    path = save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", SWAPPED)
    found = _evaluate(make_gate)
    assert found.reference.name == "ref.onnx"
    assert found.reference.bytes == path.stat().st_size
    assert (found.reference.digest or "").startswith("sha256:")
    assert found.reference.digest != found.candidate.digest
    assert found.candidate.runtime.startswith("onnxruntime")
    assert [flip.row for flip in found.flips[:3]] == [0, 1, 3]
    assert len(found.flips) == 50


def test_the_intervals_follow_the_confidence(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    """9,000 rows without a flip, one-sided 95 %: z^2 / (n + z^2) with z = 1.6449."""
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD * 2)
    found = _evaluate(make_gate)
    assert found.level == pytest.approx(0.9)
    assert found.drop.value == 0
    assert found.drop.high == pytest.approx(100 * 2.7055 / (9_000 + 2.7055), rel=1e-4)


def test_models_of_another_kind_never_import_tensorflow(
    rows: Path,
    save_linear: SaveLinear,
    make_gate: MakeGate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trap = tmp_path / "trap" / "tensorflow"
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(trap.parent))
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD)
    assert _evaluate(make_gate).table.n == 9_000


def test_nan_is_never_a_class(rows: Path, save_linear: SaveLinear, make_gate: MakeGate) -> None:
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", np.full((3, 3), np.nan, np.float32))
    found = _evaluate(make_gate)
    assert found.candidate.not_finite == 9_000
    assert found.candidate.not_finite_row == 0
    assert found.reference.not_finite == 0
    assert found.table.b == 9_000


def test_models_of_different_classes(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", np.ones((3, 4), np.float32))
    with pytest.raises(ModelError, match="ref.onnx has scores for 3 classes, cand.onnx for 4"):
        _evaluate(make_gate)


def test_a_worker_that_dies_names_its_signal(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other model's worker is ended as well."""
    save_linear("ref.onnx", GOOD)
    (rows.parent / "cand.tflite").write_text("")
    (rows.parent / "aborting.py").write_text("import os\ndef load(path, batch): os.abort()\n")
    monkeypatch.syspath_prepend(rows.parent)
    # The registry, as a package with an entry point for .tflite would change it.
    monkeypatch.setattr(
        "harness.accuracy.comparison.backend_of",
        lambda path: "aborting" if path.suffix == ".tflite" else backend_of(path),
    )
    with pytest.raises(WorkerDied, match=r"cand\.tflite: .*killed by SIGABRT"):
        _evaluate(make_gate, candidate="cand.tflite")


def test_a_data_set_that_does_not_fit(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", np.ones((4, 3), np.float32))
    save_linear("cand.onnx", GOOD)
    with pytest.raises(ModelError, match=r"ref.onnx: a row of the data set is \(3,\), but input"):
        _evaluate(make_gate)
    with pytest.raises(DatasetError, match="no column 'z'"):
        _evaluate(make_gate, labels="z")


def test_a_quantized_model_is_compared(
    tmp_path: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    """Static int8 quantization by onnxruntime of a linear model on random rows."""
    import logging

    from onnxruntime.quantization import CalibrationDataReader, quantize_static

    source = np.random.default_rng(0)
    inputs = source.normal(size=(2_000, 8)).astype(np.float32)
    weights = source.normal(size=(8, 5)).astype(np.float32)
    np.savez(tmp_path / "eval.npz", x=inputs, y=(inputs @ weights).argmax(1))

    class Rows(CalibrationDataReader):  # type: ignore[misc]
        """The first hundred rows, once."""

        def __init__(self) -> None:
            self.left = iter([{"x": row[None]} for row in inputs[:100]])

        def get_next(self) -> Any:
            return next(self.left, None)

    logging.disable(logging.WARNING)
    try:
        quantize_static(save_linear("ref.onnx", weights), tmp_path / "cand.onnx", Rows())
    finally:
        logging.disable(logging.NOTSET)
    found = _evaluate(make_gate)
    assert found.table.reference_accuracy == 100
    assert 0 < found.drop.value < 10
    assert found.agreement.value > 90


@pytest.mark.slow
def test_a_savedmodel_against_its_int8_file(tensorflow_models: Path, make_gate: MakeGate) -> None:
    """The gate's own process never imports a runtime."""
    folder = tensorflow_models
    gate = make_gate(
        dataset=str(folder / "eval.npz"),
        reference=str(folder / "saved"),
        candidate=str(folder / "int8.tflite"),
    )
    found = evaluate(gate, None, None)
    assert found.reference.runtime.startswith("tensorflow")
    assert found.candidate.runtime.startswith("ai-edge-litert")
    assert found.drop.value < 3
    assert "tensorflow" not in sys.modules and "ai_edge_litert" not in sys.modules


@pytest.mark.parametrize(
    ("accuracy", "message"),
    [
        ({"metric": "f1"}, "accuracy.metric = 'f1': not supported.*supported: accuracy"),
        ({"candidate": "eval.npz"}, r"accuracy.candidate: .*no reader for '\.npz'"),
        ({"dataset": "ref.onnx"}, r"accuracy.dataset: .*no reader for '\.onnx'"),
        ({"candidate": "served"}, r"needs \[accuracy.served\]"),
        ({"reference": "baseline"}, "expected a model file"),
    ],
)
def test_a_configuration_that_cannot_work(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate, accuracy: Any, message: str
) -> None:
    """Found out before anything is started."""
    save_linear("ref.onnx", GOOD)
    save_linear("cand.onnx", GOOD)
    known = {"dataset": "eval.npz", "reference": "ref.onnx", "candidate": "cand.onnx"}
    with pytest.raises(ConfigError, match=message):
        validate(make_gate(**{**known, **accuracy}))


def test_a_served_candidate_needs_an_endpoint(
    rows: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> None:
    save_linear("ref.onnx", GOOD)
    extra = '[accuracy.served]\nrequest = ["$row"]\nanswer = "/class"\n'
    with pytest.raises(ConfigError, match="needs a running candidate"):
        _evaluate(make_gate, candidate="served", extra=extra)
