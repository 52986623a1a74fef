"""TFLite models: quantization at the edges is done right, and a file runs in its worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import GateError
from harness.accuracy.backends.tflite import dequantize, quantize
from harness.accuracy.errors import ModelError
from harness.accuracy.process import ModelProcess


def _detail(dtype: str, scale: float, zero_point: int) -> dict[str, Any]:
    return {"name": "x", "dtype": np.dtype(dtype).type, "quantization": (scale, zero_point)}


def test_rows_are_scaled_rounded_shifted_and_clipped() -> None:
    """0.26 / 0.1 is 2.6: truncation would make 2 of it, not 3; 99 is beyond the scale."""
    rows = np.asarray([0.0, 0.26, -0.26, 99.0], np.float32)
    assert quantize(rows, _detail("int8", 0.1, -10)).tolist() == [-10, -7, -13, 127]
    assert quantize(rows, _detail("uint8", 0.1, 128)).tolist() == [128, 131, 125, 255]


def test_outputs_are_shifted_and_scaled() -> None:
    """An int8 softmax has scale 1/256 and zero point -128."""
    found = dequantize(np.asarray([-128, 0, 127], np.int8), _detail("int8", 1 / 256, -128))
    assert found.tolist() == [0.0, 0.5, 255 / 256]


def test_a_model_that_is_not_quantized_is_left_alone() -> None:
    rows = np.asarray([1.5], np.float32)
    assert quantize(rows, _detail("float32", 0.0, 0)) is rows
    assert dequantize(rows, _detail("float32", 0.0, 0)) is rows


def test_nan_has_no_whole_number() -> None:
    with pytest.raises(ModelError, match="holds NaN, which the int8 input 'x' cannot take"):
        quantize(np.asarray([np.nan], np.float32), _detail("int8", 0.1, 0))


def _run(path: Path, rows: Any, batch: int = 32) -> Any:
    module = "harness.accuracy.backends.tflite"
    model = ModelProcess(path, module, batch, start_within=60, answer_within=60)
    try:
        model.start()
        return model.predict({"rows": rows})
    finally:
        model.close()


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
def test_the_batch_does_not_matter(tensorflow_models: Path) -> None:
    rows = np.load(tensorflow_models / "eval.npz")["x"][:7]
    path = tensorflow_models / "fp32.tflite"
    assert np.allclose(_run(path, rows, batch=1), _run(path, rows, batch=32), atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x1c\x00\x00\x00TFL3" + b"\x00" * 40])
def test_a_corrupt_model_is_named(tmp_path: Path, content: bytes) -> None:
    """Refused or crashed: never the gate's own process."""
    (tmp_path / "m.tflite").write_bytes(content)
    with pytest.raises(GateError, match=r"m\.tflite: "):
        _run(tmp_path / "m.tflite", np.ones((1, 2), np.float32))
