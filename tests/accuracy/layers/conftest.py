"""One small network of convolutions, and what quantizers make of it: well, and in wrong ways."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# r1[7] never fires, so that the huge weights behind it cost nothing but the scale of their tensor.
_MAKE = """
import pathlib, sys
import numpy as np, onnx, onnxruntime
from onnx import helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static,
)
out = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(0)
constants = {
    "w1": rng.normal(size=(8, 1, 3, 3)) * 0.5, "b1": np.zeros(8),
    "w2": rng.normal(size=(16, 8, 3, 3)) * 0.2, "b2": np.zeros(16),
    "w3": rng.normal(size=(256, 10)) * 0.1, "b3": np.zeros(10),
}
constants["b1"][7] = -100
constants["w2"][0] = 0
constants["w2"][0, 7] = 40
node = helper.make_node
nodes = [
    node("Conv", ["x", "w1", "b1"], ["c1"], "conv1", pads=[1, 1, 1, 1]),
    node("Relu", ["c1"], ["r1"], "relu1"),
    node("Conv", ["r1", "w2", "b2"], ["c2"], "conv2", pads=[1, 1, 1, 1]),
    node("Relu", ["c2"], ["r2"], "relu2"),
    node("MaxPool", ["r2"], ["p2"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
    node("Flatten", ["p2"], ["f"], "flat"),
    node("MatMul", ["f", "w3"], ["m3"], "fc"),
    node("Add", ["m3", "b3"], ["scores"], "add"),
]
graph = helper.make_graph(
    nodes, "net",
    [helper.make_tensor_value_info("x", 1, ["n", 1, 8, 8])],
    [helper.make_tensor_value_info("scores", 1, ["n", 10])],
    [numpy_helper.from_array(v.astype(np.float32), k) for k, v in constants.items()],
)
opset = [helper.make_opsetid("", 17)]
onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), out / "fp32.onnx")
x = rng.normal(size=(2000, 1, 8, 8)).astype(np.float32)
(scores,) = onnxruntime.InferenceSession(str(out / "fp32.onnx")).run(None, {"x": x})
lead = np.diff(np.sort(scores)[:, -2:]).ravel()
sure = lead.argsort()[-600:]  # the noise of good recipes does not change these
np.savez(out / "eval.npz", x=x[sure], y=scores[sure].argmax(axis=1))

class Reader(CalibrationDataReader):
    def __init__(self):
        self.rows = iter(rng.normal(size=(300, 1, 8, 8)).astype(np.float32))
    def get_next(self):
        row = next(self.rows, None)
        return None if row is None else {"x": row[None]}

def static(name, form=QuantFormat.QDQ, **options):
    quantize_static(
        str(out / "fp32.onnx"), str(out / name), Reader(), quant_format=form,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, **options,
    )

def scaled(source, name, tensor, factor):
    model = onnx.load(str(out / source))
    for constant in model.graph.initializer:
        if constant.name == tensor:
            value = numpy_helper.to_array(constant) * np.float32(factor)
            constant.CopyFrom(numpy_helper.from_array(np.asarray(value), tensor))
    onnx.save(model, str(out / name))

static("good.onnx", per_channel=True, reduce_range=True)
static("per-tensor.onnx")
static("qoperator.onnx", QuantFormat.QOperator, per_channel=True)
quantize_dynamic(str(out / "fp32.onnx"), str(out / "dynamic.onnx"), per_channel=True)
quantize_dynamic(str(out / "fp32.onnx"), str(out / "dynamic-per-tensor.onnx"))
scaled("good.onnx", "clipped.onnx", "r2_scale", 1 / 16)
scaled("good.onnx", "coarse.onnx", "r2_scale", 32)
scaled("qoperator.onnx", "qoperator-clipped.onnx", "c2_scale", 1 / 16)
"""


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `fp32.onnx`, its quantized kin, and `eval.npz` whose labels fp32 gets right."""
    folder = tmp_path_factory.mktemp("networks")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _MAKE, str(folder)],
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder
