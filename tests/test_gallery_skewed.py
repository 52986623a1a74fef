"""Services that serve a good file wrong: `accuracy.served` tells each, and what was done to it.

A file `gallery/skewed/digits/<defect>.toml` is one defect of `gallery/skewed/service.py`; its keys
are the fields of `Skew`. The service runs as a process, and the rest of the gate is left out.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from checks.check_accuracy import check_served
from harness import Finding, Outcome
from harness.config import load
from harness.declare import spec_of
from harness.judge import judge
from harness.runtime.ports import free_port
from harness.testing import FakeEndpoint
from tests.gallery.shared import Edit, Strict, change, run

SKEWED = Path(__file__).parent / "gallery" / "skewed"
FILES = sorted(SKEWED.glob("digits/*.toml"))
GATE = f"""
version = 1
[candidate]
name = "digits"
command = {json.dumps([sys.executable, "-B", "service.py", "{port}"])}
[contract]
protocol = "tensorflow-serving"
[[contract.inputs]]
name = "x"
datatype = "FP32"
shape = ["batch", 64]
range = [0, 16]
[[contract.outputs]]
name = "scores"
datatype = "FP32"
shape = ["batch", 10]
[accuracy]
dataset = "eval.npz"
reference = "fp32.onnx"
candidate = "served"
file = "int8.onnx"
[policy]
required = ["accuracy"]
limits = {{ "accuracy.drop" = "<= 3 pp", "accuracy.worst_slice_drop" = "<= 20 pp" }}
"""


class Skew(Strict):
    """One file: what is done to rows or answers, and how the finding must name it."""

    rule: str
    says: str
    why: str  # what it does to whom
    edit: tuple[Edit, ...]


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service as it should be, with its models, rows and gate."""
    folder = tmp_path_factory.mktemp("skewed")
    making = [sys.executable, "-W", "ignore", str(SKEWED / "making.py"), str(folder)]
    subprocess.run(making, check=True, timeout=120)
    shutil.copy(SKEWED / "service.py", folder)
    folder.joinpath("gate.toml").write_text(GATE)
    return folder


@contextmanager
def _served(folder: Path) -> Iterator[FakeEndpoint]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-B", "service.py", str(port)], cwd=folder)
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, "the service has ended"
                time.sleep(0.05)
        yield FakeEndpoint(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.slow
def test_the_good_service_passes_the_accuracy_family(good: Path, tmp_path: Path) -> None:
    code, report = run(good / "gate.toml", tmp_path / "out", "--only", "accuracy")

    served = next(check for check in report["checks"] if check["id"] == "accuracy.served")
    assert served["outcome"] == "passed", (served["reason"], served["findings"])
    assert code == 0, report["errors"]


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_skewed_service_fails_and_the_finding_says_what_was_done(
    file: Path, good: Path, tmp_path: Path
) -> None:
    skew = Skew.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    folder = tmp_path / "project"
    shutil.copytree(good, folder)
    change(folder, skew.edit)
    spec = spec_of(check_served)
    assert spec is not None

    with _served(folder) as endpoint:
        told = check_served(load(folder / "gate.toml"), endpoint)

    outcome = judge(spec.limits, told).outcome
    causes = [f for f in told if isinstance(f, Finding) and f.rule == skew.rule]
    assert outcome is Outcome.FAILED, skew.why
    assert [f for f in causes if skew.says in f.message], (skew.why, told)


def test_each_wrong_way_with_int8_has_its_case() -> None:
    names = {file.stem for file in FILES}
    assert {"no_scale", "no_zero_point", "truncation", "not_dequantized"} <= names
