"""A job over 12,000 rows whose candidate has lost a little, evaluated by children."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.evaluation import Job
from harness.accuracy.evaluation.preparing import prepared
from harness.config import Gate

ROWS = 12_000
SaveLinear = Callable[..., Path]
MakeGate = Callable[..., Gate]


@pytest.fixture
def gate(tmp_path: Path, save_linear: SaveLinear, make_gate: MakeGate) -> Gate:
    """Random rows of a linear model, and the same model with noise in its weights."""
    source = np.random.default_rng(0)
    weights = source.normal(size=(6, 3))
    rows = source.normal(size=(ROWS, 6)).astype(np.float32)
    labels = (rows @ weights).argmax(axis=1)
    group = np.where(np.arange(ROWS) < 900, "a", "b")
    np.savez(tmp_path / "eval.npz", x=rows, y=labels, group=group)
    save_linear("ref.onnx", weights)
    save_linear("cand.onnx", weights + 0.01 * source.normal(size=weights.shape))
    return make_gate(
        dataset="eval.npz", reference="ref.onnx", candidate="cand.onnx", slices=["group"]
    )


@pytest.fixture
def job(gate: Gate) -> Job:
    """What the gate describes."""
    with prepared(gate) as (job, _):
        return job
