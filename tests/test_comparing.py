"""The comparison as part of a run: what is said before, where it ends, what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import ConfigError
from harness.collect import refuse_idle_baseline
from harness.config import load

Save = Callable[..., None]
GOOD = np.eye(3, dtype=np.float32)
WORSE = np.asarray([[1, 0, 0], [0, 1, 0], [0, 2, 1]], np.float32)  # every third row is lost
GATE = """version = 1
[candidate]
name = "m"
url = "http://127.0.0.1:9"
ready = { within = "100 ms" }  # nobody is there, and nobody is needed
[contract]
protocol = "tensorflow-serving"
inputs = [{ name = "x", shape = ["batch", 3] }]
[accuracy]
dataset = "eval.npz"
reference = "ref.onnx"
candidate = "cand.onnx"
[policy]
required = ["accuracy.drop", "accuracy.agreement", "accuracy.worst_slice"]
"""


@pytest.fixture
def folder(tmp_path: Path, linear_onnx: Save) -> Path:
    """A gate over 30,000 rows, sorted by class; the candidate is still to be written."""
    labels = np.sort(np.arange(30_000) % 3)
    chance = np.random.default_rng(0)
    rows = GOOD[labels] + chance.uniform(0, 0.2, size=(30_000, 3)).astype(np.float32)
    np.savez(tmp_path / "eval.npz", x=rows, y=labels)
    linear_onnx(tmp_path / "ref.onnx", GOOD)
    (tmp_path / "gate.toml").write_text(GATE, encoding="utf-8")
    return tmp_path


def _run(folder: Path) -> tuple[int, str, dict[str, Any]]:
    """Exit code, what was printed, and the checks of the family by their ids."""
    command = [sys.executable, "-m", "harness", "run", "gate.toml", "--only", "accuracy"]
    done = subprocess.run(
        [*command, "--report", "out"], cwd=folder, capture_output=True, text=True, check=False
    )
    report = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    return done.returncode, done.stdout, {check["id"]: check for check in report["checks"]}


def test_a_good_candidate_is_certified_on_a_part_of_the_rows(
    folder: Path, linear_onnx: Save
) -> None:
    linear_onnx(folder / "cand.onnx", 2 * GOOD)
    code, printed, checks = _run(folder)
    assert code == 0, printed
    said = printed.index("certifying a loss of at most 0.5 pp at 95 %")
    assert said < printed.index("accuracy.drop")  # before the first block, not with the result
    drop = checks["accuracy.drop"]
    assert drop["outcome"] == "passed"
    assert drop["measurements"][0]["n"] == 4_096
    messages = " ".join(finding["message"] for finding in drop["findings"])
    assert "4096 of 30000 rows were enough" in messages
    assert checks["accuracy.agreement"]["outcome"] == "passed"
    assert checks["accuracy.worst_slice"]["outcome"] == "passed"
    assert not (folder / "out" / "flips.jsonl").exists()


def test_a_bad_candidate_fails_and_every_changed_row_lies_beside_the_report(
    folder: Path, linear_onnx: Save
) -> None:
    linear_onnx(folder / "cand.onnx", WORSE)
    code, printed, checks = _run(folder)
    assert code == 1, printed
    assert checks["accuracy.drop"]["outcome"] == "failed"
    lines = (folder / "out" / "flips.jsonl").read_text(encoding="utf-8").splitlines()
    table = checks["accuracy.agreement"]
    churn = next(m for m in table["measurements"] if m["name"] == "churn")
    assert len(lines) == round(churn["value"] / 100 * churn["n"])
    assert {json.loads(line)["label"] for line in lines} == {"2"}


def test_a_baseline_that_is_the_reference_is_not_idle(folder: Path, linear_onnx: Save) -> None:
    linear_onnx(folder / "cand.onnx", GOOD)
    text = GATE.replace('"ref.onnx"', '"baseline"') + '[baseline]\nimage = "m:1"\n'
    (folder / "gate.toml").write_text(text, encoding="utf-8")
    gate = load(folder / "gate.toml")
    refuse_idle_baseline(gate, {"comparison"})
    with pytest.raises(ConfigError, match="baseline.image is set, but no check"):
        refuse_idle_baseline(gate, {"gate"})
