"""A worker that dies, hangs or lies is an error with its cause, never the end of the gate."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.errors import ModelError, WorkerDied
from harness.accuracy.process import ModelProcess

_BACKEND = '''
import os, signal, sys, time
import numpy as np
from harness.accuracy.backends import Slot
SUFFIXES = (".deadly",)
class Session:
    runtime = "deadly 1.0"
    inputs = (Slot("x", np.dtype("f4"), (2,)),)
    fixed_batch = None
    def __init__(self, how): self.how = how
    def run(self, feeds):
        print("a library that prints to standard output")
        if self.how == "abort":
            print("assertion failed: weights.cc:12", file=sys.stderr); os.abort()
        if self.how == "exit": os._exit(7)
        if self.how == "kill": os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "hang": time.sleep(600)
        if self.how == "lie": os.write(3, b""); os.write(self.out(), b"\\xff" * 64); time.sleep(600)
        if self.how == "memory": np.ones((100 << 30,), np.uint8)
        if self.how == "environment": return {"y": np.asarray([[str(sorted(os.environ))]])}
        return {"y": feeds["x"] * 2}
    def out(self):
        import gc, io
        return next(o for o in gc.get_objects() if isinstance(o, io.BufferedWriter)
                    and o.fileno() > 2).fileno()
def load(path, batch):
    how = path.read_text()
    if how == "refuse": raise ValueError("not a model of mine")
    if how == "crash": os.kill(os.getpid(), signal.SIGSEGV)
    return Session(how)
'''
ROWS = {"rows": np.ones((3, 2), np.float32)}


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A backend of a stranger, in a module of his own."""
    (tmp_path / "deadly_backend.py").write_text(_BACKEND)
    monkeypatch.syspath_prepend(tmp_path)
    return "deadly_backend"


@pytest.fixture
def model(tmp_path: Path, backend: str, request: pytest.FixtureRequest) -> Iterator[ModelProcess]:
    """A worker with the model that the test's parameter names."""
    path = tmp_path / "m.deadly"
    path.write_text(request.param)
    process = ModelProcess(path, backend, 2, start_within=60, answer_within=60)
    yield process
    process.close()


@pytest.mark.parametrize("model", ["well"], indirect=True)
def test_rows_in_outputs_out(model: ModelProcess) -> None:
    """In batches of two; what a library prints does not disturb."""
    model.start()
    assert model.runtime == "deadly 1.0"
    assert model.predict(ROWS).tolist() == [[2.0, 2.0]] * 3
    assert model.predict({"rows": np.zeros((1, 2))}).tolist() == [[0.0, 0.0]]
    assert model.seconds > 0


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("abort", r"(?s)m\.deadly: .*killed by SIGABRT.*said last:.*assertion failed: weights.cc"),
        ("kill", "killed by SIGKILL; the kernel does this when memory runs out"),
        ("exit", "ended with code 7"),
        ("lie", "answered nonsense: a header of 4294967295 bytes"),
    ],
    indirect=["model"],
)
def test_a_death_is_explained(model: ModelProcess, message: str) -> None:
    model.start()
    with pytest.raises(WorkerDied, match=message):
        model.predict(ROWS)


@pytest.mark.parametrize("model", ["crash"], indirect=True)
def test_a_death_while_loading(model: ModelProcess) -> None:
    with pytest.raises(WorkerDied, match="killed by SIGSEGV; the file is most likely corrupt"):
        model.start()


@pytest.mark.parametrize("model", ["refuse"], indirect=True)
def test_a_model_that_does_not_load(model: ModelProcess) -> None:
    with pytest.raises(ModelError, match=r"m\.deadly: ValueError: not a model of mine"):
        model.start()


@pytest.mark.parametrize("model", ["memory"], indirect=True)
def test_a_model_that_wants_100_gigabytes(model: ModelProcess) -> None:
    """It is refused the memory; the worker lives on."""
    model.start()
    with pytest.raises(ModelError, match="MemoryError.*100. GiB"):
        model.predict(ROWS)


@pytest.mark.parametrize("model", ["well"], indirect=True)
def test_rows_that_do_not_fit(model: ModelProcess) -> None:
    model.start()
    with pytest.raises(ModelError, match=r"a row of the data set is \(5,\), but input 'x' wants"):
        model.predict({"rows": np.ones((3, 5), np.float32)})


def test_a_model_that_hangs_is_stopped(tmp_path: Path, backend: str) -> None:
    (tmp_path / "m.deadly").write_text("hang")
    process = ModelProcess(tmp_path / "m.deadly", backend, 2, start_within=60, answer_within=0.3)
    process.start()
    with pytest.raises(WorkerDied, match="no answer within 0.3 s and was stopped"):
        process.predict(ROWS)
    process.close()


@pytest.mark.parametrize("model", ["hang"], indirect=True)
def test_a_kill_from_another_thread_ends_the_wait(model: ModelProcess) -> None:
    model.start()
    timer = threading.Timer(0.2, model.kill)
    timer.start()
    began = time.monotonic()
    with pytest.raises(WorkerDied, match="SIGKILL"):
        model.predict(ROWS)
    assert time.monotonic() - began < 30
    timer.join()


@pytest.mark.parametrize("model", ["environment"], indirect=True)
def test_secrets_of_the_build_stay_out(
    model: ModelProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_TOKEN", "hunter2")
    model.start()
    seen = str(model.predict({"rows": np.ones((1, 2), np.float32)})[0, 0])
    assert "PATH" in seen and "REGISTRY_TOKEN" not in seen


@pytest.mark.parametrize("model", ["well"], indirect=True)
def test_nothing_is_left_behind(model: ModelProcess) -> None:
    model.start()
    assert model._process is not None
    pid = model._process.pid
    model.close()
    model.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
