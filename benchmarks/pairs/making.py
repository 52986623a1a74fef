"""Make the models and rows of the benchmark: `python making.py FOLDER`, with tensorflow.

Runs in the peers' environment, once: `tiny` is a convolutional net of 2.5 thousand parameters on
noisy digits, `mobilenet` is keras.applications' MobileNetV2 without weights, `wide` two layers on
sixteen numbers. Each is a pair of ONNX files, `tiny` one of LiteRT files as well. Of rows there
are many more than these models deserve: they are to be counted, not learned from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
_NOISE = 7.0  # beside digits of 0 to 16: about seven in ten are still told
_TRAINED = 30_000
_CALIBRATION = 256


def main(folder: Path) -> None:
    """Write everything that is not there yet; `made` is the last file."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(1)
    _tiny(folder, chance)
    _mobilenet(folder, chance)
    _wide(folder, chance)
    (folder / "made").touch()


def _tiny(folder: Path, chance: np.random.Generator) -> None:
    import tensorflow as tf

    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            tf.keras.Input((8, 8, 1)),
            layers.Conv2D(12, 3, padding="same", activation="relu"),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(4),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    x, y = _digits(_TRAINED, chance)
    model.fit(x, y, batch_size=128, epochs=4, verbose=0)
    _export(model, x[:_CALIBRATION], folder / "tiny")
    _convert(model, x[:_CALIBRATION], folder / "tiny")
    for name, rows in (("tiny-rows", 1_000_000), ("tiny-rows-17920", 17_920)):
        _save(folder / name, *_digits(rows, chance))


def _digits(rows: int, chance: np.random.Generator) -> tuple[Rows, NDArray[np.int64]]:
    """Noisy copies of scikit-learn's digits, shape (rows, 8, 8, 1), between 0 and 1 but for noise.

    In portions: a million rows at once would need gigabytes of random numbers.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    chosen = chance.integers(0, len(digits.target), rows)
    x = np.empty((rows, 8, 8, 1), np.float32)
    for start in range(0, rows, 100_000):
        part = digits.images[chosen[start : start + 100_000], :, :, None].astype(np.float32)
        noise = chance.normal(0.0, _NOISE, part.shape).astype(np.float32)
        x[start : start + 100_000] = (part + noise) / 16
    return x, digits.target[chosen].astype(np.int64)


def _mobilenet(folder: Path, chance: np.random.Generator) -> None:
    import tensorflow as tf

    model = tf.keras.applications.MobileNetV2(weights=None)
    images = chance.uniform(-1.0, 1.0, (400, 224, 224, 3)).astype(np.float32)
    for layer in model.layers:
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            layer.momentum = 0.0  # what one batch shows: numbers stay of an everyday size
    model(images[:16], training=True)
    _export(model, images[:16], folder / "mobilenet")
    _save(folder / "mobilenet-rows", images, chance.integers(0, 1000, len(images)))


def _wide(folder: Path, chance: np.random.Generator) -> None:
    """The data set of ten million rows is made by whoever wants it: see `repeated`."""
    import tensorflow as tf

    layers = [tf.keras.layers.Dense(32, activation="relu"), tf.keras.layers.Dense(10)]
    model = tf.keras.Sequential([tf.keras.Input((16,)), *layers])
    x = chance.normal(size=(10_000, 16)).astype(np.float32)
    _export(model, x[:_CALIBRATION], folder / "wide")
    _save(folder / "wide-rows", x, model.predict(x, verbose=0).argmax(axis=1).astype(np.int64))


def _export(model: Any, calibration: Rows, stem: Path) -> None:
    """Write `stem`.fp32.onnx and `stem`.int8.onnx: QDQ, U8S8, per channel."""
    import tensorflow as tf
    import tf2onnx
    from onnxruntime.quantization import QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    whole, ready = f"{stem}.fp32.onnx", f"{stem}.ready.onnx"
    signature = [tf.TensorSpec((None, *calibration.shape[1:]), tf.float32, name="x")]
    tf2onnx.convert.from_function(
        tf.function(lambda x: model(x)), signature, opset=17, output_path=whole
    )
    quant_pre_process(whole, ready, skip_symbolic_shape=True)
    quantize_static(
        ready,
        f"{stem}.int8.onnx",
        _Reader(calibration),
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    Path(ready).unlink()


class _Reader:
    """Rows for onnxruntime's calibration, eight at a time."""

    def __init__(self, rows: Rows) -> None:
        self._parts: Iterator[Rows] = iter(np.array_split(rows, max(1, len(rows) // 8)))

    def get_next(self) -> dict[str, Rows] | None:
        """The next rows by the name of the input, or None."""
        part = next(self._parts, None)
        return None if part is None else {"x": part}


def _convert(model: Any, calibration: Rows, stem: Path) -> None:
    """Write `stem`.fp32.tflite and `stem`.int8.tflite, whose input and output stay float."""
    import tensorflow as tf

    for name in ("fp32", "int8"):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if name == "int8":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([row[None]] for row in calibration)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        Path(f"{stem}.{name}.tflite").write_bytes(converter.convert())


def _save(folder: Path, x: Rows, y: NDArray[np.int64]) -> None:
    folder.mkdir(exist_ok=True)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
