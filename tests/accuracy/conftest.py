"""Small models and gates for the tests of the accuracy room."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.config import Gate, load

SaveLinear = Callable[..., Path]
MakeGate = Callable[..., Gate]


@pytest.fixture
def save_linear(tmp_path: Path, linear_onnx: Callable[..., None]) -> SaveLinear:
    """`save_linear(name, weights, batch="n")` writes that model to the test's folder."""

    def save(name: str, weights: NDArray[np.float32], batch: int | str = "n") -> Path:
        linear_onnx(tmp_path / name, weights, batch)
        return tmp_path / name

    return save


@pytest.fixture
def make_gate(tmp_path: Path) -> MakeGate:
    """`make_gate(**accuracy)` writes and loads a gate.toml with that `[accuracy]`."""

    def make(protocol: str = "json", extra: str = "", **accuracy: Any) -> Gate:
        lines = [f"{key} = {value!r}".replace("'", '"') for key, value in accuracy.items()]
        text = (
            'version = 1\n[candidate]\nname = "m"\nurl = "http://127.0.0.1:9"\n'
            f'[contract]\nprotocol = "{protocol}"\npath = "/predict"\n'
            "[accuracy]\n" + "\n".join(lines) + "\n" + extra
        )
        path = tmp_path / "gate.toml"
        path.write_text(text)
        return load(path)

    return make


_KERAS = """
import sys, pathlib, numpy as np, tensorflow as tf
out = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(0)
x = rng.normal(size=(600, 8)).astype(np.float32)
y = x[:, :3].argmax(axis=1)
weights = np.zeros((8, 3), np.float32)
weights[:3, :3] = np.eye(3) * 3
model = tf.keras.Sequential(
    [tf.keras.Input((8,)), tf.keras.layers.Dense(3), tf.keras.layers.Softmax()]
)
model.layers[0].set_weights([weights, np.zeros(3, np.float32)])
model.save(str(out / "model.keras"))
model.export(str(out / "saved"), verbose=False)
def convert(name, int8):
    converter = tf.lite.TFLiteConverter.from_saved_model(str(out / "saved"))
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([row[None]] for row in x[:100])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    (out / name).write_bytes(converter.convert())
convert("fp32.tflite", False)
convert("int8.tflite", True)
np.savez(out / "eval.npz", x=x, y=y)
"""


@pytest.fixture(scope="session")
def tensorflow_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`saved`, `model.keras`, `fp32.tflite`, `int8.tflite` of one model, and `eval.npz`."""
    folder = tmp_path_factory.mktemp("tensorflow")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", _KERAS, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder
