"""Makes a digits network with int8 input and output, and its float twin: `making.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

SCALE, ZERO = 16 / 255, -128  # of the input: pixels from 0 to 16
OUT_SCALE, OUT_ZERO = 1 / 256, -128  # of the output: what converters give every softmax


def main(folder: Path) -> None:
    """Write eval.npz, fp32.onnx and int8.onnx."""
    images, digits = load_digits(return_X_y=True)
    random = np.random.default_rng(0)
    order = random.permutation(len(images))
    seen, rest = order[:1000], order[1000:]
    network = MLPClassifier((24,), max_iter=60, random_state=0).fit(images[seen] / 4, digits[seen])
    spoilt = images[rest] + random.normal(0, 0.6, (len(rest), 64))  # scans are never whole numbers
    rows = np.clip(spoilt, 0, 16).astype(np.float32)
    np.savez(folder / "eval.npz", x=rows, y=digits[rest])
    for name, quantized in (("fp32.onnx", False), ("int8.onnx", True)):
        onnx.save(_model(network, quantized), folder / name)


def _model(network: MLPClassifier, quantized: bool) -> onnx.ModelProto:
    first, second = (matrix.astype(np.float32) for matrix in network.coefs_)
    offsets = [offset.astype(np.float32) for offset in network.intercepts_]
    weights = {"w0": first / 4, "w1": second, "b0": offsets[0], "b1": offsets[1]}
    if quantized:
        weights |= {
            "scale": np.asarray(SCALE, np.float32),
            "zero": np.asarray(ZERO, np.int8),
            "out_scale": np.asarray(OUT_SCALE, np.float32),
            "out_zero": np.asarray(OUT_ZERO, np.int8),
        }
    nodes = [
        helper.make_node("Gemm", ["real" if quantized else "x", "w0", "b0"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["relu"]),
        helper.make_node("Gemm", ["relu", "w1", "b1"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["soft" if quantized else "scores"], axis=1),
    ]
    if quantized:
        nodes.insert(0, helper.make_node("DequantizeLinear", ["x", "scale", "zero"], ["real"]))
        nodes.append(
            helper.make_node("QuantizeLinear", ["soft", "out_scale", "out_zero"], ["scores"])
        )
    kind = TensorProto.INT8 if quantized else TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("x", kind, ["n", 64])],
        [helper.make_tensor_value_info("scores", kind, ["n", 10])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
