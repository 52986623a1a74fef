"""What a job is: everything that counts depend on, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import ConfigError
from harness.accuracy.backends.base import Options
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.counting import Scheme
from harness.accuracy.datasets import Roles, Source
from harness.accuracy.evaluation import Identity, Job, Pair, blocks_of
from harness.accuracy.evaluation.job import SERVED_BACKEND, block_size, spec_of
from harness.config import Gate

SOURCE = Source("/a/eval.npz", Roles({"x": "x"}, "y"), "sha256:da7a", 1_000)
ONNX = "harness.accuracy.backends.onnx"
PAIR = Pair(SOURCE, ModelSpec("r", ONNX, "/a/r.onnx"), ModelSpec("c", ONNX, "/a/c.onnx"))
JOB = Job(
    PAIR,
    Identity("onnxruntime 1", "sha256:1", 10),
    Identity("onnxruntime 1", "sha256:2", 10),
    Scheme("accuracy", folder="/a"),
    block=300,
    seed=1,
    shuffled=True,
    cache="/a/.gate/accuracy-cache",
)


def test_a_job_travels_as_json() -> None:
    assert Job.of(json.loads(json.dumps(JOB.fields()))) == JOB
    assert blocks_of(JOB) == 4


def test_another_place_or_name_is_the_same_job() -> None:
    moved = Pair(
        replace(SOURCE, path="/b/eval.npz", copy="/b/copy"),
        replace(PAIR.reference, name="s", path="/b/r.onnx"),
        PAIR.candidate,
    )
    other = replace(JOB, pair=moved, cache="", scheme=replace(JOB.scheme, folder="/b"))
    assert other.digest == JOB.digest


@pytest.mark.parametrize(
    "change",
    [
        {"pair": replace(PAIR, source=replace(SOURCE, digest="sha256:other"))},
        {"pair": replace(PAIR, source=replace(SOURCE, roles=Roles({"x": "x"}, "z")))},
        {"pair": replace(PAIR, candidate=replace(PAIR.candidate, options=Options(batch=8)))},
        {"pair": replace(PAIR, output="scores")},
        {"reference": Identity("onnxruntime 1", "sha256:3", 10)},
        {"candidate": Identity("onnxruntime 2", "sha256:2", 10)},
        {"scheme": Scheme("topk")},
        {"block": 200},
        {"seed": 2},
        {"shuffled": False},
    ],
)
def test_whatever_counts_depend_on_makes_another_job(change: dict[str, Any]) -> None:
    assert replace(JOB, **change).digest != JOB.digest


def test_a_service_is_the_same_at_another_address() -> None:
    def at(url: str) -> str:
        spec = ModelSpec("served", SERVED_BACKEND, "/a/gate.toml", Options(settings={"url": url}))
        return replace(
            JOB, pair=replace(PAIR, candidate=spec), candidate=Identity(f"the service at {url}")
        ).digest

    assert at("http://127.0.0.1:1") == at("http://127.0.0.1:2")


@pytest.mark.parametrize(
    ("row_bytes", "batch", "served", "rows"),
    [
        (64, 32, False, 4_096),
        (64, 100, False, 4_000),  # whole batches
        (3_072, 32, False, 1_344),  # four mebibytes
        (602_112, 32, False, 32),  # never less than a batch
        (64, 5_000, False, 5_000),
        (64, 32, True, 256),
    ],
)
def test_a_block_is_whole_batches_of_a_few_mebibytes(
    row_bytes: int, batch: int, served: bool, rows: int
) -> None:
    assert block_size(row_bytes, batch, served=served) == rows


def test_models_are_found_from_the_gate(gate: Gate) -> None:
    found = spec_of(gate, "cand.onnx")
    assert (found.name, found.module, found.options.batch) == ("cand.onnx", ONNX, 32)
    assert Path(found.path).is_absolute()
    asked = spec_of(gate, "served", "http://127.0.0.1:1")
    assert (asked.module, asked.options.settings) == (SERVED_BACKEND, {"url": "http://127.0.0.1:1"})
    with pytest.raises(ConfigError, match="no reader for"):
        spec_of(gate, "eval.npz")
