"""Where the models, rows and peers of the benchmark lie, and how they come there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".gate" / "pairs"
PEERS = ROOT / ".gate" / "peers"
_PACKAGES = (
    "tensorflow==2.21.0",
    "tf2onnx==1.17.0",
    "onnx==1.23.2",
    "onnxruntime==1.31.1",
    "polygraphy==0.53.6",
    "ai-edge-quantizer==0.10.0",
    "scikit-learn",
)
_MANY = 10_000_000
_PORTION = 100_000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models, and as many rows as there are."""

    name: str
    rows: str  # folder with x.npy and y.npy
    batch: int
    suffix: str = "onnx"

    @property
    def reference(self) -> Path:
        """The float model."""
        return FOLDER / f"{self.name}.fp32.{self.suffix}"

    @property
    def candidate(self) -> Path:
        """The int8 model."""
        return FOLDER / f"{self.name}.int8.{self.suffix}"

    @property
    def dataset(self) -> Path:
        """Folder of the rows."""
        return FOLDER / self.rows

    @property
    def inputs(self) -> Path:
        """The rows' inputs."""
        return self.dataset / "x.npy"

    @property
    def keys(self) -> dict[str, str | int]:
        """As `[accuracy]` names it."""
        models = {"reference": str(self.reference), "candidate": str(self.candidate)}
        return {"dataset": str(self.dataset), **models, "batch": self.batch}


TINY = Pair("tiny", "tiny-rows", 64)
TINY_LITERT = Pair("tiny", "tiny-rows", 64, "tflite")
MOBILENET = Pair("mobilenet", "mobilenet-rows", 8)
WIDE = Pair("wide", "wide-rows", 64)
WIDE_MANY = Pair("wide", "wide-rows-many", 64)


def make() -> None:
    """Install the peers and make models and rows, where they are not there yet: minutes, once."""
    if not (PEERS / "ready").exists():
        print(f"installing the peers into {PEERS}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        _peer("-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_PACKAGES)
        (PEERS / "ready").touch()
    if not (FOLDER / "made").exists():
        print(f"making models and rows in {FOLDER}", flush=True)
        _peer(str(Path(__file__).with_name("making.py")), str(FOLDER))
    if not (WIDE_MANY.dataset / "y.npy").exists():
        _repeat(WIDE.dataset, WIDE_MANY.dataset)


def compare(tool: str, pair: Pair, rows: int) -> float:
    """Rows a second of a peer's comparison; `rows` of the pair's."""
    models = [str(pair.reference), str(pair.candidate), str(pair.inputs)]
    script = str(Path(__file__).with_name("peers.py"))
    found: dict[str, Any] = json.loads(_peer(script, tool, *models, str(pair.batch), str(rows)))
    return float(found["rows"] / found["seconds"])


def _peer(*words: str) -> str:
    """The last line that the peers' interpreter printed."""
    quiet = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [str(PEERS / "bin" / "python"), *words],
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stderr[-2000:]}")
    return (done.stdout.splitlines() or [""])[-1]


def _repeat(few: Path, many: Path) -> None:
    """The same rows again and again, written in portions."""
    many.mkdir(exist_ok=True)
    for name in ("x.npy", "y.npy"):
        rows = np.load(few / name)
        whole = np.lib.format.open_memmap(many / name, "w+", rows.dtype, (_MANY, *rows.shape[1:]))
        portion = np.concatenate([rows] * (_PORTION // len(rows)))
        for start in range(0, _MANY, _PORTION):
            whole[start : start + _PORTION] = portion
        whole.flush()
