"""TFLite models: quantization at the edges is done right, and a file runs in its own process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import GateError
from harness.accuracy.backends.base import Options
from harness.accuracy.backends.litert import affine
from harness.accuracy.backends.model import Model, ModelSpec
from harness.accuracy.errors import ModelError


def _run(path: Path, rows: Any, batch: int = 32, **settings: str) -> Any:
    options = Options(batch=batch, settings=settings)
    spec = ModelSpec(path.name, "harness.accuracy.backends.litert", str(path), options)
    with Model(spec) as model:
        (found,) = model.predict({"rows": rows}).values()
        return found


def test_the_interpreter_says_what_numbers_stand_for() -> None:
    said = {"name": "x", "dtype": np.int8, "quantization": (0.25, -3)}
    found = affine(said)
    assert found is not None
    assert (found.dtype, found.scale, found.zero_point) == (np.dtype("int8"), 0.25, -3)
    assert affine({"name": "x", "dtype": np.float32, "quantization": (0.0, 0)}) is None
    assert affine({"name": "x", "dtype": np.int8, "quantization": (0.0, 0)}) is None


@pytest.mark.slow
def test_int8_and_float_files_agree(tensorflow_models: Path) -> None:
    """Batches of 32 and a rest of 24; int8 inputs take the same real numbers."""
    rows = np.load(tensorflow_models / "eval.npz")["x"]
    plain = _run(tensorflow_models / "fp32.tflite", rows)
    quantized = _run(tensorflow_models / "int8.tflite", rows)
    assert plain.shape == quantized.shape == (600, 3)
    assert np.abs(plain - quantized).mean() < 0.02
    assert (plain.argmax(1) == quantized.argmax(1)).mean() > 0.97


@pytest.mark.slow
def test_neither_the_batch_nor_the_delegate_matters_much(tensorflow_models: Path) -> None:
    rows = np.load(tensorflow_models / "eval.npz")["x"][:7]
    path = tensorflow_models / "fp32.tflite"
    expected = _run(path, rows)
    assert np.allclose(_run(path, rows, batch=1), expected, atol=1e-6)
    assert np.allclose(_run(path, rows, delegate="none"), expected, atol=1e-6)
    with pytest.raises(ModelError, match=r"setting delegate = 'gpu': expected delegate = xnnpack"):
        _run(path, rows, delegate="gpu")


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x1c\x00\x00\x00TFL3" + b"\x00" * 40])
def test_a_corrupt_model_is_named(tmp_path: Path, content: bytes) -> None:
    """Refused or crashed: never the gate's own process."""
    (tmp_path / "m.tflite").write_bytes(content)
    with pytest.raises(GateError, match=r"m\.tflite: "):
        _run(tmp_path / "m.tflite", np.ones((1, 2), np.float32))
