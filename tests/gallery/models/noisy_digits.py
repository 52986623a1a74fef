"""Makes a small network for noisy digits and quantizes it in every way: `noisy_digits.py FOLDER`.

The scans are dark ink on white paper, clipped to 0..1, so that most pixels lie at the end of the
range: that is what makes 16-bit sums of U8S8 products overflow. Rows are noisy copies of the scans
that the network was not trained on.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization as q
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

ROWS = 12_000  # of the evaluation
NOISE = 0.8
HIDDEN = (36,)
SEED = 0

U8, S8 = q.QuantType.QUInt8, q.QuantType.QInt8
QDQ, QOPERATOR = q.QuantFormat.QDQ, q.QuantFormat.QOperator
# name: activations, weights, per channel, reduced range, format
STATIC = {
    "u8s8_channel": (U8, S8, True, False, QDQ),
    "s8s8_channel": (S8, S8, True, False, QDQ),
    "qoperator_channel": (U8, S8, True, False, QOPERATOR),
    "u8s8_tensor": (U8, S8, False, False, QDQ),
    "u8s8_channel_reduced": (U8, S8, True, True, QDQ),
    "u8u8": (U8, U8, False, False, QDQ),
}
# name: weights, per channel
DYNAMIC = {"dynamic_s8": (S8, False), "dynamic_s8_channel": (S8, True), "dynamic_u8": (U8, False)}


def main(folder: Path) -> None:
    """Write eval.npz, fp32.onnx and one file for each way of quantizing."""
    logging.disable(logging.WARNING)
    images, digits = load_digits(return_X_y=True)
    images = (1 - images / 16).astype(np.float32)  # dark ink on white paper
    random = np.random.default_rng(SEED)
    order = random.permutation(len(images))
    half = len(order) // 2

    def noisy(rows: NDArray[Any], count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        chosen = np.resize(rows, count)
        spoilt = images[chosen] + random.normal(0, NOISE, (count, images.shape[1]))
        return np.clip(spoilt, 0, 1).astype(np.float32), digits[chosen]

    seen, labels = noisy(order[:half], 12_000)
    rows, truth = noisy(order[half:], ROWS)
    np.savez(folder / "eval.npz", x=rows, y=truth)
    network = MLPClassifier(HIDDEN, max_iter=30, random_state=SEED, learning_rate_init=3e-3)
    network.fit(seen, labels)
    save(network, folder / "fp32.onnx")
    quantize(folder, seen[:512])


def save(network: Any, path: Path) -> None:
    """The trained network as ONNX: a Gemm for each layer, Relu between them, scores at the end."""
    nodes, weights, name = [], [], "x"
    last = len(network.coefs_) - 1
    for k, (matrix, offset) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        weights.append(numpy_helper.from_array(matrix.astype(np.float32), f"w{k}"))
        weights.append(numpy_helper.from_array(offset.astype(np.float32), f"b{k}"))
        out = "scores" if k == last else f"sum{k}"
        nodes.append(helper.make_node("Gemm", [name, f"w{k}", f"b{k}"], [out], name=f"layer{k}"))
        if k < last:
            name = f"relu{k}"
            nodes.append(helper.make_node("Relu", [out], [name], name=name))
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 64])]
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 10])]
    graph = helper.make_graph(nodes, "digits", inputs, outputs, weights)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


class Rows(q.CalibrationDataReader):  # type: ignore[misc]
    """Calibration rows, 64 at a time."""

    def __init__(self, rows: NDArray[Any]) -> None:
        self._pieces: Iterator[Any] = iter(np.split(rows, len(rows) // 64))

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """The next batch, or None at the end."""
        piece = next(self._pieces, None)
        return None if piece is None else {"x": piece}


def quantize(folder: Path, calibration: NDArray[Any]) -> None:
    """One file for each recipe."""
    for name, (activations, weights, channel, reduced, form) in STATIC.items():
        q.quantize_static(
            folder / "fp32.onnx",
            folder / f"{name}.onnx",
            Rows(calibration),
            quant_format=form,
            activation_type=activations,
            weight_type=weights,
            per_channel=channel,
            reduce_range=reduced,
        )
    for name, (weights, channel) in DYNAMIC.items():
        q.quantize_dynamic(
            folder / "fp32.onnx", folder / f"{name}.onnx", weight_type=weights, per_channel=channel
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
