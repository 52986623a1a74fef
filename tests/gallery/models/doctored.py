"""Candidates that are one change away from their reference: `doctored.py FOLDER`.

The network is that of noisy_digits.py; each change is made in its graph, so that it is known what
becomes of the answers. Column scanner holds a, b and c; b writes pixel 0, which no network uses, as
1. Column page is the same for ten rows each.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import noisy_digits
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization as q

SHARED = 40  # evaluation rows that the overlapping calibration set holds


def main(folder: Path) -> None:
    """Write the data sets and every candidate."""
    noisy_digits.main(folder)
    x, y = save_rows(folder)
    reference = onnx.load(folder / "fp32.onnx")
    weights = numpy_helper.to_array(initializer(reference, "w0")).copy()
    weights[0] = 0
    initializer(reference, "w0").CopyFrom(numpy_helper.from_array(weights, "w0"))
    onnx.save(reference, folder / "fp32.onnx")

    quantize(folder, "good.onnx", x[::30])
    quantize(folder, "faint.onnx", x[::30] / 8)
    timid = [helper.make_node("Add", ["raw", "offset"], ["scores"])]
    offset = numpy_helper.from_array(np.eye(10, dtype=np.float32)[8] * -0.9, "offset")
    save(folder, "timid_eight.onnx", timid, offset)
    save(folder, "other_order.onnx", *gathered([1, 0, *range(2, 10)]))
    save(folder, "nine_classes.onnx", *gathered(range(9)), classes=9)
    save(folder, "blind_to_b.onnx", *blind())
    save(folder, "not_a_number.onnx", [helper.make_node("Sqrt", ["raw"], ["scores"])])
    save(folder, "halves.onnx", [], inputs=("left", "right"))


def save_rows(folder: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Write the data sets; returns inputs and labels of the evaluation."""
    held = np.load(folder / "eval.npz")
    x, y = held["x"], held["y"]
    scanner = np.asarray(["a", "b", "c"])[np.arange(len(x)) % 3]
    x[:, 0] = scanner == "b"
    np.savez(folder / "eval.npz", x=x, y=y, scanner=scanner, page=np.arange(len(x)) // 10)
    np.savez(folder / "columns.npz", first=x[:, :32], second=x[:, 32:], y=y)
    fresh = x[:400, ::-1]
    np.savez(folder / "fresh.npz", x=fresh)
    np.savez(folder / "overlapping.npz", x=np.concatenate([fresh, x[:SHARED]]).astype(np.float64))
    return x, y


def save(
    folder: Path,
    name: str,
    nodes: Sequence[Any],
    *constants: Any,
    classes: int = 10,
    inputs: Sequence[str] = ("x",),
) -> None:
    """Write fp32.onnx with `nodes` behind its scores, which they find as `raw`.

    With several inputs the rows are these, one beside the other.
    """
    model = onnx.load(folder / "fp32.onnx")
    graph = model.graph
    graph.initializer.extend(constants)
    if nodes:
        graph.node[-1].output[0] = "raw"
        graph.node.extend(nodes)
    graph.output[0].type.tensor_type.shape.dim[1].dim_value = classes
    if len(inputs) > 1:
        width = 64 // len(inputs)
        del graph.input[:]
        graph.input.extend(
            helper.make_tensor_value_info(part, TensorProto.FLOAT, ["n", width]) for part in inputs
        )
        graph.node.insert(0, helper.make_node("Concat", list(inputs), ["x"], axis=1))
    onnx.checker.check_model(model)
    onnx.save(model, folder / name)


def gathered(order: Sequence[int]) -> tuple[list[Any], Any]:
    """Scores in another order, or fewer of them."""
    order_of = numpy_helper.from_array(np.asarray(order, np.int64), "order")
    return [helper.make_node("Gather", ["raw", "order"], ["scores"], axis=1)], order_of


def blind() -> tuple[Any, ...]:
    """Scores of which 9's falls behind where pixel 0 is written."""
    nodes = [
        helper.make_node("Slice", ["x", "zero", "one", "axis"], ["flag"]),
        helper.make_node("Mul", ["flag", "penalty"], ["less"]),
        helper.make_node("Sub", ["raw", "less"], ["scores"]),
    ]
    penalty = np.zeros((1, 10), np.float32)
    penalty[0, [1, 9]] = 2.5
    constants = {"zero": [0], "one": [1], "axis": [1]}
    tensors = [numpy_helper.from_array(np.asarray(v, np.int64), k) for k, v in constants.items()]
    return nodes, *tensors, numpy_helper.from_array(penalty, "penalty")


def initializer(model: Any, name: str) -> Any:
    """A constant of the graph."""
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def quantize(folder: Path, name: str, calibration: NDArray[Any]) -> None:
    """Seven-bit weights per channel, which saturate nowhere."""
    q.quantize_static(
        folder / "fp32.onnx",
        folder / name,
        noisy_digits.Rows(calibration[: len(calibration) // 64 * 64]),
        quant_format=q.QuantFormat.QDQ,
        activation_type=q.QuantType.QUInt8,
        weight_type=q.QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
