"""A gate whose evaluation has forty blocks, its job, and its shards, made once a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.evaluation import Job
from harness.accuracy.evaluation.preparing import prepared
from harness.accuracy.sharding import Place, write_shard
from harness.config import Gate, load

_ROWS = 160_000
_GATE = """
version = 1
[candidate]
name = "m"
url = "http://127.0.0.1:9"
[contract]
protocol = "json"
path = "/predict"
examples = "examples.jsonl"
[accuracy]
dataset = "rows.npz"
reference = "reference.onnx"
candidate = "candidate.onnx"
batch = 64
cache = false
[policy]
required = ["accuracy.drop", "accuracy.agreement", "accuracy.worst_slice"]
limits = { "accuracy.drop" = "<= 0.2 pp", "accuracy.agreement" = ">= 50 %" }
"""


@pytest.fixture(scope="session")
def forty_blocks(
    tmp_path_factory: pytest.TempPathFactory, linear_onnx: Callable[..., None]
) -> Gate:
    """Two linear models that differ on a few of 160000 rows, which are too many for an early end.

    The lost accuracy is near its limit, so that most of the data is needed.
    """
    folder = tmp_path_factory.mktemp("shards")
    chance = np.random.default_rng(5)
    weights = chance.normal(size=(8, 5)).astype(np.float32)
    x = chance.normal(size=(_ROWS, 8)).astype(np.float32)
    y = (x @ weights + chance.normal(size=(_ROWS, 5))).argmax(axis=1)
    np.savez(folder / "rows.npz", x=x, y=y)
    linear_onnx(folder / "reference.onnx", weights)
    linear_onnx(
        folder / "candidate.onnx", weights + 0.05 * chance.normal(size=(8, 5)).astype(np.float32)
    )
    (folder / "examples.jsonl").write_text('{"request": [1], "response": [1], "status": 200}\n')
    (folder / "gate.toml").write_text(_GATE)
    return load(folder / "gate.toml")


@pytest.fixture(scope="session")
def forty_block_job(forty_blocks: Gate) -> Job:
    """The job of that gate."""
    with prepared(forty_blocks) as (job, _):
        return job


@pytest.fixture(scope="session")
def three_shards(forty_blocks: Gate, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All three shards of that gate's evaluation."""
    folder = tmp_path_factory.mktemp("counts")
    files = [folder / f"{number}.jsonl" for number in (1, 2, 3)]
    for number, file in enumerate(files, 1):
        write_shard(forty_blocks, Place(number, 3), file)
    return files
