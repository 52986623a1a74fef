"""Fixtures of all tests: an engine, an emulator, or why there is none; and who has the machine."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.runtime.ports import free_port


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
    return found or _without("qemu-x86_64-static is not installed: .ci/packages installs it")


@pytest.fixture(scope="session")
def prometheus_program() -> str:
    """Path of Prometheus; under GATE_REQUIRE_ENGINE=1 its absence is a failure, too."""
    found = shutil.which("prometheus")
    return found or _without("prometheus is not installed: .ci/packages installs it")


@pytest.fixture(scope="session")
def new_postgres() -> Iterator[Callable[[], tuple[str, Callable[[], subprocess.Popen[bytes]]]]]:
    """`new_postgres()`: URL of a PostgreSQL of one's own, and what begins its process.

    There is no fsync: nobody cuts the power.
    """
    found = shutil.which("initdb")
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")  # kept out of the PATH
    made = [Path(found).resolve()] if found else sorted(debian, key=lambda p: int(p.parts[-3]))
    if not made:
        _without("PostgreSQL is not installed: .ci/packages installs it")
    begun: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="gate-postgres-") as folder:
        yield lambda: _postgres(made[-1].parent, Path(tempfile.mkdtemp(dir=folder)), begun)
        for server in begun:
            server.send_signal(signal.SIGQUIT)  # at once, whoever is connected
            server.wait(30)


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


def _postgres(
    programs: Path, folder: Path, begun: list[subprocess.Popen[bytes]]
) -> tuple[str, Callable[[], subprocess.Popen[bytes]]]:
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    if user:
        folder.parent.chmod(0o755)
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()
    made: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        *"-A trust -U gate -E UTF8 --no-sync".split(),
    ]
    subprocess.run(made, user=user, cwd=folder, check=True, capture_output=True)
    url = f"postgresql://gate@127.0.0.1:{port}/postgres"
    settings = ["fsync=off", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
    options = [part for setting in settings for part in ("-c", setting)]
    started: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(port), *options]

    def begin() -> subprocess.Popen[bytes]:
        with (folder / "log").open("ab") as log:
            server = subprocess.Popen(started, user=user, cwd=folder, stderr=log)
        begun.append(server)
        _wait_for_postgres(url)
        return server

    return url, begin


def _wait_for_postgres(url: str) -> None:
    import psycopg

    for _ in range(300):
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("PostgreSQL does not answer within 30 s")


def _without(what: str) -> NoReturn:
    if os.environ.get("GATE_REQUIRE_ENGINE") == "1":
        pytest.fail(f"GATE_REQUIRE_ENGINE=1, but {what}")
    pytest.skip(what)


def _alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None
