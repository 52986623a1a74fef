"""The child's side: a block's counts are those of its rows, cached or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.counting import Counts
from harness.accuracy.evaluation import Job
from harness.accuracy.evaluation.cache import Cache
from harness.accuracy.evaluation.pair import Evaluator, Opened


def _flat(counts: Counts) -> tuple[Any, dict[str, bytes]]:
    fields, arrays = counts.fields()
    return fields, {name: array.tobytes() for name, array in arrays.items()}


@pytest.fixture
def opened(job: Job) -> Iterator[Opened]:
    """The pair, opened in this process: the models are our own."""
    found = Opened(job.pair)
    with found.data:
        yield found


def test_a_block_counts_its_rows_and_no_others(job: Job, opened: Opened) -> None:
    natural = replace(job, block=1_000, shuffled=False, cache="")
    table = Evaluator(opened, natural).block(3).table()
    rows = opened.data.read(3_000, 4_000)
    right = [
        (side.run(rows.inputs)["scores"].argmax(axis=1) == rows.labels)
        for side in (opened.reference, opened.candidate)
    ]
    assert table.n == 1_000
    assert table.b == int((right[0] & ~right[1]).sum()) > 0
    assert table.c == int((~right[0] & right[1]).sum())


def test_cached_outputs_give_the_same_counts(job: Job, opened: Opened) -> None:
    """And the reference is not asked again."""
    fresh = _flat(Evaluator(opened, job).block(1))
    opened.reference = None  # type: ignore[assignment]
    assert _flat(Evaluator(opened, job).block(1)) == fresh


def test_a_cached_block_of_another_length_is_not_believed(job: Job, opened: Opened) -> None:
    fresh = _flat(Evaluator(opened, replace(job, cache="")).block(0))
    Cache(job).write(0, np.zeros((3, 3), np.float32))
    assert _flat(Evaluator(opened, job).block(0)) == fresh


def test_nothing_is_kept_where_that_is_not_wanted(job: Job, opened: Opened, tmp_path: Path) -> None:
    Evaluator(opened, replace(job, cache="")).block(0)
    assert not (tmp_path / ".gate" / "accuracy-cache").exists()
