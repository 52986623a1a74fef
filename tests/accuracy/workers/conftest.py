"""Tasks of a stranger for child processes."""

from __future__ import annotations

from pathlib import Path

import pytest

_TASK = """
import gc, io, os, signal, sys, time
import numpy as np
from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.workers.stage import stage

def serve(fields):
    how = fields["how"]
    if how == "refuse": raise ValueError("not a model of mine")
    if how == "crash": os.kill(os.getpid(), signal.SIGSEGV)
    def handle(asked, arrays):
        print("a library that prints to standard output")
        if how == "abort":
            stage("candidate models/x.onnx")
            print("assertion failed: weights.cc:12", file=sys.stderr); sys.stderr.flush()
            os.abort()
        if how == "exit": os._exit(7)
        if how == "kill": os.kill(os.getpid(), signal.SIGKILL)
        if how == "hang": time.sleep(600)
        if how == "lie": os.write(answers(), b"\\xff" * 64); time.sleep(600)
        if how == "memory": np.ones((100 << 30,), np.uint8)
        if how == "model": stage("reference models/y.onnx"); raise ModelError("wants (3,)")
        if how == "data": raise DatasetError("d.npz: is cut short")
        if how == "environment": return {"names": sorted(os.environ)}, {}
        return {"asked": asked}, {"y": arrays["x"] * 2}
    return handle

def answers():
    return next(o for o in gc.get_objects() if isinstance(o, io.BufferedWriter)
                and o.fileno() > 2).fileno()
"""


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a module that does what its field `how` says."""
    (tmp_path / "deadly_task.py").write_text(_TASK, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return "deadly_task"
