"""The trained network in every form that is released: SavedModel, TFLite, ONNX, int8 of both."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import tensorflow as tf
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from training.images import BRIGHTEST

Array = NDArray[np.float32]
OPSET, IR_VERSION = 17, 8  # old enough for every onnxruntime of the last years


def saved_model(network: Any, folder: Path) -> None:
    """Write a SavedModel: `serving_default` takes x (batch, 64) to probabilities (batch, 10)."""
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint(
        "serving_default",
        lambda x: {"probabilities": network(x, training=False)},
        input_signature=[tf.TensorSpec([None, 64], tf.float32, "x")],
    )
    archive.write_out(str(folder), verbose=False)


def tflite(folder: Path, path: Path, rows: Array | None = None) -> None:
    """Write the SavedModel of `folder` as TFLite: in int8, scaled on `rows`, where given."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    if rows is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([row[None]] for row in rows)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    path.write_bytes(converter.convert())


def onnx_float(network: Any, path: Path) -> None:
    """Write the network as ONNX, layer by layer: x (batch, 64) -> probabilities (batch, 10)."""
    layers = [layer for layer in network.layers if layer.weights]
    nodes = [helper.make_node("Mul", ["x", "scale"], ["layer0"], "rescale")]
    constants = [numpy_helper.from_array(np.array([1 / BRIGHTEST], np.float32), "scale")]
    for number, layer in enumerate(layers, start=1):
        kernel, bias = (np.asarray(weight) for weight in layer.get_weights())
        constants.append(numpy_helper.from_array(kernel, f"w{number}"))
        constants.append(numpy_helper.from_array(bias, f"b{number}"))
        gemm = [f"layer{number - 1}", f"w{number}", f"b{number}"]
        nodes.append(helper.make_node("Gemm", gemm, [f"sum{number}"], f"dense{number}"))
        last = number == len(layers)
        result = "probabilities" if last else f"layer{number}"
        options: dict[str, Any] = {"axis": -1} if last else {}
        kind = "Softmax" if last else "Relu"
        nodes.append(helper.make_node(kind, [f"sum{number}"], [result], **options))
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])],
        constants,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model)
    onnx.save(model, path)


def onnx_int8(source: Path, target: Path, rows: Array) -> None:
    """Write the ONNX model `source` with int8 weights and activations, scaled on `rows`.

    Seven bits of range for the weights: on a processor without VNNI the sum of two products of
    full eight-bit values overflows its sixteen bits, and the answers would depend on the machine.
    """
    logging.getLogger().setLevel(logging.ERROR)  # its advice to simplify so small a graph first
    quantize_static(
        source,
        target,
        _Rows(rows),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Gemm"],
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=False,
        reduce_range=True,
    )


class _Rows(CalibrationDataReader):
    """Rows for the calibration, 64 at once."""

    def __init__(self, rows: Array) -> None:
        self._batches: Iterator[Array] = iter(np.array_split(rows, max(1, len(rows) // 64)))

    def get_next(self) -> dict[str, Any] | None:
        """The next batch by input name, None at the end."""
        batch = next(self._batches, None)
        return None if batch is None else {"x": batch}
