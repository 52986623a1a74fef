"""The file-only gates of `models/`: no container, a candidate that is a file, one defect each.

A script `models/<maker>.py FOLDER` writes model files and `eval.npz` (columns x and y), always the
same ones. A file `models/<maker>/<defect>.toml` is one gate on them; its keys are the fields of
`Fault`.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Literal

from tests.gallery.shared import ROOT, SECONDS, Strict, as_toml, lay_over

MODELS = Path(__file__).parent / "models"
FILES = sorted(MODELS.glob("*/*.toml"))
NAMES = [path.relative_to(MODELS).with_suffix("").as_posix() for path in FILES]
EXIT = {"failed": 1, "errored": 3, "inconclusive": 4}


class Fault(Strict):
    """One file: a pair of models, and what the gate has to say of it."""

    catches: str = ""  # the check that must not pass; "" where all must
    outcome: Literal["failed", "inconclusive", "errored"] = "failed"  # of that check
    says: str = ""  # stands in that check's reason or findings
    also: tuple[str, ...] = ()  # other checks in which it truly shows
    why: str  # what it does to whom
    accuracy: dict[str, Any]  # over `dataset = "eval.npz"`, `reference = "fp32.onnx"`
    limits: dict[str, str] = {}  # of the policy


def read(name: str) -> Fault:
    """The defect `<maker>/<defect>`. Raises ValueError where its file is not one of these."""
    text = (MODELS / f"{name}.toml").read_text(encoding="utf-8")
    return Fault.model_validate(tomllib.loads(text))


def make(maker: str, folder: Path) -> None:
    """Run a maker in a process of its own: what it loads stays out of this one."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(MODELS / f"{maker}.py"), str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"{maker}.py: exit code {done.returncode}\n{done.stderr[-3000:]}")


def write(name: str, folder: Path) -> Path:
    """Write the gate of a defect into the folder of its maker's files."""
    fault = read(name)
    gate: dict[str, Any] = {
        "version": 1,
        "candidate": {"name": "model", "url": "http://127.0.0.1:9"},
        "contract": {
            "path": "/predict",
            "inputs": [{"name": "x", "datatype": "FP32", "shape": ["batch", 64]}],
        },
        "accuracy": {"dataset": "eval.npz", "reference": "fp32.onnx", "processes": 1},
        "policy": {"required": sorted({"accuracy", fault.catches} - {""}), "limits": fault.limits},
    }
    lay_over(gate["accuracy"], fault.accuracy)
    path = folder / f"{name.partition('/')[2]}.toml"
    path.write_text("".join(f"{key} = {as_toml(value)}\n" for key, value in gate.items()))
    return path
