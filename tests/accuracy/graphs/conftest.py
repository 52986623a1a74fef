"""Files that differ only in how they were quantized, and gates on them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.accuracy.backends.base import Options
from harness.accuracy.backends.model import ModelSpec
from harness.config import Gate, load

ROOT = Path(__file__).resolve().parents[3]
Spec = Callable[[Path, int], ModelSpec]
GateOn = Callable[..., Gate]


def _make(script: list[str], folder: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *script, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that tests/gallery/models/noisy_digits.py fills."""
    maker = ROOT / "tests" / "gallery" / "models" / "noisy_digits.py"
    return _make([str(maker)], tmp_path_factory.mktemp("digits"))


_RESIDUAL = """
import logging, sys
from pathlib import Path
import numpy as np, onnx
from onnx import helper, numpy_helper
from onnxruntime import quantization as q
logging.disable(logging.WARNING)
folder = Path(sys.argv[1])
random = np.random.default_rng(0)
nodes, weights, channels = [], [], 1
def convolution(source, name):
    global channels
    filters = random.normal(size=(8, channels, 3, 3)).astype(np.float32) / 3
    weights.append(numpy_helper.from_array(filters, f"w_{name}"))
    nodes.append(helper.make_node(
        "Conv", [source, f"w_{name}"], [name], name=name, kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
    channels = 8
convolution("x", "first")
convolution("first", "second")
nodes.append(helper.make_node("Add", ["first", "second"], ["sum"], name="sum"))
convolution("sum", "third")
nodes.append(helper.make_node("GlobalAveragePool", ["third"], ["scores"], name="pool"))
value = helper.make_tensor_value_info
graph = helper.make_graph(nodes, "residual", [value("x", 1, ["n", 1, 8, 8])],
                          [value("scores", 1, ["n", 8, 1, 1])], weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
          folder / "fp32.onnx")
class Rows(q.CalibrationDataReader):
    def __init__(self):
        self.rows = iter([{"x": random.normal(size=(32, 1, 8, 8)).astype(np.float32)}])
    def get_next(self):
        return next(self.rows, None)
for name, activations in (("u8s8", q.QuantType.QUInt8), ("s8s8", q.QuantType.QInt8)):
    q.quantize_static(folder / "fp32.onnx", folder / f"{name}.onnx", Rows(),
                      activation_type=activations, weight_type=q.QuantType.QInt8)
"""


@pytest.fixture(scope="session")
def residual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`u8s8.onnx` and `s8s8.onnx` of a network whose first convolution has two consumers."""
    return _make(["-c", _RESIDUAL], tmp_path_factory.mktemp("residual"))


@pytest.fixture
def spec() -> Spec:
    """`spec(path, batch)`: that file as it is run by default."""

    def of(path: Path, batch: int) -> ModelSpec:
        return ModelSpec(path.name, "harness.accuracy.backends.onnx", str(path), Options(batch))

    return of


@pytest.fixture
def gate_on(tmp_path: Path, digits: Path) -> GateOn:
    """`gate_on(candidate, **accuracy)`: a gate on the noisy digits."""

    def of(candidate: str, **accuracy: object) -> Gate:
        told = {
            "dataset": str(digits / "eval.npz"),
            "reference": str(digits / "fp32.onnx"),
            "candidate": str(digits / candidate),
            **accuracy,
        }
        lines = [f"{key} = {value!r}".replace("'", '"') for key, value in told.items()]
        path = tmp_path / "gate.toml"
        path.write_text(
            'version = 1\n[candidate]\nname = "m"\nurl = "http://127.0.0.1:9"\n'
            '[contract]\npath = "/predict"\n[accuracy]\n' + "\n".join(lines) + "\n"
        )
        return load(path)

    return of
