"""Blocks in children: the same counts from any number of them, errors where they belong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.counting import Counts
from harness.accuracy.errors import ModelError, WorkerDied
from harness.accuracy.evaluation import Job, Workers, blocks_of, run_blocks

_BACKEND = """
import os, time
import numpy as np
from harness.accuracy.backends.base import Slot
from harness.accuracy.errors import ModelError
SUFFIXES = (".deadly",)
class Session:
    runtime = "deadly 1.0"
    inputs = (Slot("x", np.dtype("f4"), (6,)),)
    fixed_batch = largest_batch = None
    def __init__(self, path):
        self.how, self.at = path.read_text().split()
        self.seen = 0
    def run(self, feeds):
        self.seen += 1
        if self.seen >= int(self.at):
            if self.how == "abort": os.abort()
            if self.how == "refuse": raise ModelError("does not like this row")
        return {"scores": feeds["x"][:, :3]}
def load(path, options):
    if path.read_text().startswith("unloadable"): raise ModelError("is no model")
    return Session(path)
"""


def _flat(counts: Counts) -> tuple[Any, dict[str, Any]]:
    fields, arrays = counts.fields()
    return fields, {name: (array.dtype.str, array.tobytes()) for name, array in arrays.items()}


def _small(job: Job) -> Job:
    """The same job in blocks of 1,000 rows."""
    return replace(job, block=1_000, cache="")


@pytest.fixture
def deadly(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`deadly("abort 5")`: the job with a candidate that aborts at its fifth batch."""
    (tmp_path / "deadly_backend.py").write_text(_BACKEND, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def make(how: str) -> Job:
        (tmp_path / "m.deadly").write_text(how, encoding="utf-8")
        spec = ModelSpec("m.deadly", "deadly_backend", str(tmp_path / "m.deadly"))
        return replace(_small(job), pair=replace(job.pair, candidate=spec))

    return make


def test_one_process_and_three_count_the_same_to_the_bit(job: Job) -> None:
    small = _small(job)
    every = range(blocks_of(small))
    one = [(i, _flat(counts)) for i, counts in run_blocks(small, every, processes=1)]
    three = [(i, _flat(counts)) for i, counts in run_blocks(small, every, processes=3)]
    assert [i for i, _ in one] == list(every)
    assert one == three


def test_blocks_come_in_the_order_asked_for(job: Job) -> None:
    found = list(run_blocks(_small(job), [7, 2, 11], processes=2))
    assert [i for i, _ in found] == [7, 2, 11]
    assert [counts.rows for _, counts in found] == [1_000] * 3


def test_no_blocks_are_no_counts(job: Job) -> None:
    assert list(run_blocks(job, [])) == []


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ("abort 70", WorkerDied, r"candidate m\.deadly: .*killed by SIGABRT"),
        ("refuse 70", ModelError, r"candidate m\.deadly: does not like this row"),
    ],
)
def test_blocks_before_a_failure_are_given(
    deadly: Any, how: str, error: type[Exception], message: str
) -> None:
    """32 batches of 32 rows are a block, so the third one fails."""
    blocks = run_blocks(deadly(how), range(12), processes=1)
    assert [next(blocks)[0] for _ in range(2)] == [0, 1]
    with pytest.raises(error, match=message):
        next(blocks)


def test_a_model_that_does_not_load_is_named(deadly: Any) -> None:
    with pytest.raises(ModelError, match=r"candidate m\.deadly: is no model"):
        next(iter(run_blocks(deadly("unloadable 0"), [0])))


def test_a_failure_that_nobody_waits_for_is_none(deadly: Any) -> None:
    """The children are ended with the iterator, whatever they are doing."""
    blocks = run_blocks(deadly("refuse 70"), range(12), processes=2)
    assert isinstance(blocks, Iterator)
    assert next(blocks)[0] == 0
    blocks.close()  # type: ignore[attr-defined]


def test_no_process_outlives_its_workers(job: Job) -> None:
    with Workers(job.pair) as workers:
        fields, arrays = workers.probe()
        processes = [child._process for child in workers._children.values()]
    assert fields["runtimes"][0].startswith("onnxruntime")
    assert fields["row_bytes"] == 24
    assert arrays["reference"].shape == (32, 3)
    assert np.array_equal(arrays["labels"], arrays["reference"].argmax(axis=1))
    for process in processes:
        assert process is not None
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)
