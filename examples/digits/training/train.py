"""Trains the digits classifier in Keras and writes it in every form, with rows to compare them on.

    python -m training.train [--models FOLDER] [--data FOLDER]

Beside the honest forms there is `digits.lossy.onnx`: int8, but calibrated on faint scans, half as
bright as the images that will come. Whatever is brighter is cut off: a mistake that happens.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime

from training import formats, images

HERE = Path(__file__).resolve().parent.parent
TRAINING_COPIES, EVALUATION_COPIES = 12, 16
EPOCHS = 15
CALIBRATION_ROWS = 512
CLOSE = 1e-4  # largest difference of a probability between Keras and ONNX


def main() -> None:
    """Train, write, compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=Path, default=HERE / "models")
    parser.add_argument("--data", type=Path, default=HERE / "data")
    options = parser.parse_args()
    options.models.mkdir(parents=True, exist_ok=True)
    options.data.mkdir(parents=True, exist_ok=True)

    known = images.training(TRAINING_COPIES)
    network = train(known)
    fresh = images.evaluation(EVALUATION_COPIES)
    write(network, options.models, known.x[:CALIBRATION_ROWS])
    compare(network, options.models / "digits.fp32.onnx", fresh)
    np.savez_compressed(options.data / "eval.npz", x=fresh.x, y=fresh.y, group=fresh.group)


def train(known: images.Images) -> Any:
    """A Keras model of three dense layers."""
    keras.utils.set_random_seed(1)
    network = keras.Sequential([
        keras.Input((64,), name="x"),
        keras.layers.Rescaling(1 / images.BRIGHTEST),
        keras.layers.Dense(128, "relu"),
        keras.layers.Dense(64, "relu"),
        keras.layers.Dense(10, "softmax"),
    ])
    network.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    network.fit(known.x, known.y, batch_size=64, epochs=EPOCHS, verbose=0)
    return network


def write(network: Any, folder: Path, rows: formats.Array) -> None:
    """All forms of the network; `rows` are what int8 is scaled on."""
    formats.saved_model(network, folder / "digits.savedmodel")
    formats.tflite(folder / "digits.savedmodel", folder / "digits.fp32.tflite")
    formats.tflite(folder / "digits.savedmodel", folder / "digits.int8.tflite", rows)
    fp32 = folder / "digits.fp32.onnx"
    formats.onnx_float(network, fp32)
    formats.onnx_int8(fp32, folder / "digits.int8.onnx", rows)
    formats.onnx_int8(fp32, folder / "digits.lossy.onnx", rows / np.float32(2))


def compare(network: Any, path: Path, fresh: images.Images) -> None:
    """Raises ValueError where the ONNX model does not say what the Keras model says."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (theirs,) = session.run(["probabilities"], {"x": fresh.x})
    ours = network.predict(fresh.x, batch_size=512, verbose=0)
    difference = float(np.abs(ours - theirs).max())
    if not difference < CLOSE:
        raise ValueError(f"{path}: differs from Keras by {difference}, expected less than {CLOSE}")


if __name__ == "__main__":
    main()
