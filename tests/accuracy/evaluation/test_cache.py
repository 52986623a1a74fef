"""Outputs are found again by content; what was altered is never served."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.backends.base import Options
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.counting import Scheme
from harness.accuracy.datasets import Roles, Source
from harness.accuracy.evaluation import Identity, Job, Pair
from harness.accuracy.evaluation.cache import Cache, prune, worth_keeping
from harness.accuracy.evaluation.job import SERVED_BACKEND

VALUES = np.arange(12, dtype=np.float32).reshape(4, 3)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """One whose reference's outputs may be kept."""
    source = Source("/a/eval.npz", Roles({"x": "x"}, "y"), "sha256:da7a", 8)
    spec = ModelSpec("r", "harness.accuracy.backends.onnx", "/a/r.onnx")
    identity = Identity("onnxruntime 1", "sha256:1", 10)
    return Job(
        Pair(source, spec, spec), identity, identity, Scheme("accuracy"), 4, 1, False, str(tmp_path)
    )


def test_outputs_are_read_back_as_they_were(job: Job) -> None:
    Cache(job).write(1, VALUES)
    found = Cache(job).read(1)
    assert found is not None and found.dtype == np.float32
    assert np.array_equal(found, VALUES)
    assert Cache(job).read(0) is None


@pytest.mark.parametrize(
    "change",
    [
        {"reference": Identity("onnxruntime 1", "sha256:2", 10)},
        {"reference": Identity("onnxruntime 2", "sha256:1", 10)},
        {"block": 2},
        {"shuffled": True},
    ],
)
def test_another_job_finds_nothing(job: Job, change: dict[str, Any]) -> None:
    Cache(job).write(0, VALUES)
    assert Cache(replace(job, **change)).read(0) is None


def test_other_rows_or_options_find_nothing(job: Job) -> None:
    Cache(job).write(0, VALUES)
    pair = job.pair
    others = [
        replace(pair, source=replace(pair.source, digest="sha256:other")),
        replace(pair, source=replace(pair.source, roles=Roles({"x": "z"}, "y"))),
        replace(pair, reference=replace(pair.reference, options=Options(optimization="basic"))),
        replace(pair, output="logits"),
    ]
    assert [Cache(replace(job, pair=other)).read(0) for other in others] == [None] * 4


def test_another_candidate_finds_the_same_reference(job: Job) -> None:
    Cache(job).write(0, VALUES)
    other = replace(job, candidate=Identity("onnxruntime 1", "sha256:9", 99))
    assert Cache(other).read(0) is not None


@pytest.mark.parametrize("place", [0, 40, -1])
def test_an_altered_byte_is_noticed(job: Job, tmp_path: Path, place: int) -> None:
    Cache(job).write(0, VALUES)
    (entry,) = tmp_path.iterdir()
    content = bytearray(entry.read_bytes())
    content[place] ^= 1
    entry.write_bytes(content)
    assert Cache(job).read(0) is None


def test_an_entry_that_was_cut_is_noticed(job: Job, tmp_path: Path) -> None:
    Cache(job).write(0, VALUES)
    (entry,) = tmp_path.iterdir()
    for size in (len(entry.read_bytes()) - 1, 20, 0):
        os.truncate(entry, size)
        assert Cache(job).read(0) is None


def test_a_folder_that_cannot_be_written_is_no_error(job: Job) -> None:
    Cache(replace(job, cache="/proc/nowhere")).write(0, VALUES)


def test_the_entries_used_longest_ago_go_first(job: Job, tmp_path: Path) -> None:
    cache = Cache(job)
    for index in range(3):
        cache.write(index, VALUES)
        os.utime(cache._path(index), (1_000 + index, 1_000 + index))
    size = cache._path(0).stat().st_size
    assert cache.read(0) is not None  # and is the newest now
    prune(tmp_path, 2 * size)
    assert [cache._path(index).exists() for index in range(3)] == [True, False, True]


def test_a_service_is_never_remembered(job: Job) -> None:
    assert worth_keeping(job)
    assert not worth_keeping(replace(job, cache=""))
    asked = replace(job.pair.reference, module=SERVED_BACKEND)
    assert not worth_keeping(replace(job, pair=replace(job.pair, reference=asked)))
