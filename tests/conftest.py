"""Fixtures of all tests: an engine, an emulator, or why there is none; and who has the machine."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from numpy.typing import NDArray


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole gates come late, and what measures the machine last: the others have all its cores."""
    items.sort(key=lambda item: (_alone(item), item.get_closest_marker("docker") is not None))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """The whole machine for a test that measures it, fixtures included; a share for any other."""
    if "PYTEST_XDIST_WORKER" not in os.environ:  # one process: nobody to share it with
        return (yield)
    with (item.config.cache.mkdir("machine") / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if _alone(item) else fcntl.LOCK_SH)
        return (yield)


@pytest.fixture(scope="session")
def engine() -> None:
    """A container engine answers; under GATE_REQUIRE_ENGINE=1 its absence is a failure."""
    from harness.runtime import engine_status

    status = engine_status()
    if not status.available:
        _without(f"no container engine answers: {status.detail}")


@pytest.fixture(scope="session")
def qemu() -> str:
    """Path of the emulator; under GATE_REQUIRE_ENGINE=1 its absence is a failure, too."""
    found = shutil.which("qemu-x86_64-static")
    return found or _without("qemu-x86_64-static is not installed: .ci/emulator installs it")


@pytest.fixture(scope="session")
def linear_onnx() -> Callable[..., None]:
    """`linear_onnx(path, weights, batch="n")` writes an ONNX model: scores = x @ weights."""

    def save(path: Path, weights: NDArray[np.float32], batch: int | str = "n") -> None:
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        rows, classes = weights.shape
        graph = helper.make_graph(
            [helper.make_node("MatMul", ["x", "w"], ["scores"])],
            "linear",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, rows])],
            [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, classes])],
            [numpy_helper.from_array(weights.astype(np.float32), "w")],
        )
        opset = [helper.make_opsetid("", 17)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)

    return save


def _without(what: str) -> NoReturn:
    if os.environ.get("GATE_REQUIRE_ENGINE") == "1":
        pytest.fail(f"GATE_REQUIRE_ENGINE=1, but {what}")
    pytest.skip(what)


def _alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None
