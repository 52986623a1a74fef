"""Trains the sentiment model and writes it as fp32 and as int8, with the rows to compare them on.

    python -m training.train [--models FOLDER] [--data FOLDER | --no-data]

Runs in a few seconds on one core, and gives the same model each time on the same machine.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from training.corpus import Review, generate, hand_written
from webapp.features import BUCKETS, encode

Array = NDArray[np.float32]
Weights = dict[str, Array]

HERE = Path(__file__).resolve().parent.parent
HIDDEN = 32
TRAINING_ROWS, EVALUATION_ROWS = 8000, 5000
EPOCHS, BATCH, RATE = 6, 64, 3e-3
OPSET, IR_VERSION = 17, 8  # old enough for every onnxruntime of the last years


def main() -> None:
    """Train, export, quantize."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=Path, default=HERE / "models")
    parser.add_argument("--data", type=Path, default=HERE / "data")
    parser.add_argument("--no-data", action="store_true", help="write the models only")
    options = parser.parse_args()

    x, y = _arrays(generate(TRAINING_ROWS, seed=1) + 4 * hand_written())
    weights = train(x, y)
    options.models.mkdir(parents=True, exist_ok=True)
    fp32 = options.models / "sentiment.fp32.onnx"
    export(weights, fp32)
    quantize(fp32, options.models / "sentiment.int8.onnx", x[:512])
    if not options.no_data:
        options.data.mkdir(parents=True, exist_ok=True)
        seen = set(generate(TRAINING_ROWS, seed=1))
        fresh = [review for review in generate(EVALUATION_ROWS, seed=2) if review not in seen]
        x, y = _arrays(fresh)
        np.savez_compressed(options.data / "eval.npz", x=x, y=y)


def train(x: Array, y: NDArray[np.int64]) -> Weights:
    """Weights of x -> 32 rectified units -> 2 classes: cross entropy, Adam (Kingma & Ba 2015)."""
    dice = np.random.default_rng(1)
    weights: Weights = {
        "w1": dice.normal(0, BUCKETS**-0.5, (BUCKETS, HIDDEN)).astype(np.float32),
        "b1": np.zeros(HIDDEN, np.float32),
        "w2": dice.normal(0, HIDDEN**-0.5, (HIDDEN, 2)).astype(np.float32),
        "b2": np.zeros(2, np.float32),
    }
    first = {name: np.zeros_like(value) for name, value in weights.items()}
    second = {name: np.zeros_like(value) for name, value in weights.items()}
    step = 0
    for _ in range(EPOCHS):
        order = dice.permutation(len(x))
        for start in range(0, len(x), BATCH):
            step += 1
            rows = order[start:start + BATCH]
            for name, slope in _slopes(weights, x[rows], y[rows]).items():
                first[name] += 0.1 * (slope - first[name])
                second[name] += 0.001 * (slope**2 - second[name])
                scale = RATE * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
                weights[name] -= scale * first[name] / (np.sqrt(second[name]) + 1e-8)
    return weights


def export(weights: Weights, path: Path) -> None:
    """Write an ONNX model: x float32 (batch, BUCKETS) -> probabilities float32 (batch, 2)."""
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["sum1"], "hidden"),
        helper.make_node("Relu", ["sum1"], ["unit1"], "rectify"),
        helper.make_node("Gemm", ["unit1", "w2", "b2"], ["sum2"], "classes"),
        helper.make_node("Softmax", ["sum2"], ["probabilities"], "softmax", axis=-1),
    ]
    graph = helper.make_graph(
        nodes,
        "sentiment",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", BUCKETS])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model)
    onnx.save(model, path)


def quantize(source: Path, target: Path, rows: Array) -> None:
    """Write `source` with int8 weights and activations, scaled on `rows`.

    Seven bits of range for the weights: on a processor without VNNI the sum of two products of
    full eight-bit values overflows its sixteen bits, and the answers would depend on the machine.
    """
    logging.getLogger().setLevel(logging.ERROR)  # its advice to simplify so small a graph first
    quantize_static(
        source,
        target,
        Rows(rows),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Gemm"],
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        reduce_range=True,
    )


class Rows(CalibrationDataReader):
    """Rows for the calibration, 64 at once."""

    def __init__(self, rows: Array) -> None:
        """`rows` of shape (n, BUCKETS)."""
        self._batches: Iterator[Array] = iter(np.array_split(rows, max(1, len(rows) // 64)))

    def get_next(self) -> dict[str, Any] | None:
        """The next batch by input name, None at the end."""
        batch = next(self._batches, None)
        return None if batch is None else {"x": batch}


def _slopes(weights: Weights, x: Array, y: NDArray[np.int64]) -> Weights:
    """The gradient of the mean cross entropy."""
    unit = np.maximum(x @ weights["w1"] + weights["b1"], 0)
    scores = unit @ weights["w2"] + weights["b2"]
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    wrong = odds / odds.sum(axis=1, keepdims=True)
    wrong[np.arange(len(y)), y] -= 1
    wrong /= len(y)
    back = (wrong @ weights["w2"].T) * (unit > 0)
    return {"w1": x.T @ back, "b1": back.sum(0), "w2": unit.T @ wrong, "b2": wrong.sum(0)}


def _arrays(reviews: list[Review]) -> tuple[Array, NDArray[np.int64]]:
    return encode([text for text, _ in reviews]), np.array([label for _, label in reviews])


if __name__ == "__main__":
    main()
