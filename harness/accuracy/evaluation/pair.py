"""The child of one job: it opens the rows and both models, and turns numbers of blocks into counts.

Rows never travel through pipes: a child reads its own. What comes back are counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.backends import Session
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.backends.running import answers
from harness.accuracy.counting import Answers, Counts, count
from harness.accuracy.datasets import Batch
from harness.accuracy.evaluation.cache import Cache, worth_keeping
from harness.accuracy.evaluation.job import Job, Pair
from harness.accuracy.evaluation.order import block_rows
from harness.accuracy.extensions import module_named
from harness.accuracy.workers.frames import Array
from harness.accuracy.workers.main import Handler
from harness.accuracy.workers.stage import stage

_PROBED = 32  # rows at least: of a single one logits may look like probabilities


class Opened:
    """A data set and two models, ready to be run."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        stage(f"data set {pair.source.path}")
        self.data = pair.source.open()
        self.reference = _load("reference", pair.reference)
        self.candidate = _load("candidate", pair.candidate)

    def read(self, job: Job, index: int) -> Batch:
        """The rows of a block."""
        stage(f"data set {self.pair.source.path}")
        rows = block_rows(index, job.block, job.rows, job.seed if job.shuffled else None)
        if job.shuffled:
            return self.data.take(rows)
        return self.data.read(int(rows[0]), int(rows[-1]) + 1)

    def ask_reference(self, rows: Batch) -> Answers:
        """What the reference answers."""
        stage(f"reference {self.pair.reference.name}")
        batch = self.pair.reference.options.batch
        return answers(self.reference, rows.inputs, batch, self.pair.output)

    def ask_candidate(self, rows: Batch) -> Answers:
        """What the candidate answers."""
        stage(f"candidate {self.pair.candidate.name}")
        batch = self.pair.candidate.options.batch
        return answers(self.candidate, rows.inputs, batch, self.pair.output)


class Evaluator:
    """Blocks of one job to counts; the reference's outputs come from the cache where it can."""

    def __init__(self, opened: Opened, job: Job) -> None:
        self._opened, self._job = opened, job
        self._cache = Cache(job) if worth_keeping(job) else None

    def block(self, index: int) -> Counts:
        """The counts of one block. Raises ModelError, DatasetError."""
        rows = self._opened.read(self._job, index)
        reference = self._reference(index, rows)
        candidate = self._opened.ask_candidate(rows)
        stage(f"counting the answers of {self._opened.pair.candidate.name}")
        return count(rows, reference, candidate, self._job.scheme)

    def _reference(self, index: int, rows: Batch) -> Answers:
        if self._cache is None:
            return self._opened.ask_reference(rows)
        kept = self._cache.read(index)
        if kept is not None and len(kept) == len(rows.ids):
            return Answers(kept, np.zeros(len(kept), bool))
        found = self._opened.ask_reference(rows)
        self._cache.write(index, found.values)
        return found


def serve(fields: dict[str, Any]) -> Handler:
    """The child's side: a pair at first, a job once the parent has made one of it.

    Operations: "probe" tells what a job needs to know; "job" takes the job; "block" counts one.
    """
    opened = Opened(Pair.of(fields["pair"]))
    evaluator: Evaluator | None = None

    def handle(
        asked: dict[str, Any], _: Mapping[str, Array]
    ) -> tuple[dict[str, Any], Mapping[str, Array]]:
        nonlocal evaluator
        if asked["op"] == "probe":
            return _probe(opened)
        if asked["op"] == "job":
            evaluator = Evaluator(opened, Job.of(asked["job"]))
            return {}, {}
        assert evaluator is not None
        return evaluator.block(int(asked["index"])).fields()

    return handle


def _probe(opened: Opened) -> tuple[dict[str, Any], dict[str, Array]]:
    """Runtimes, bytes of a row, and labels and answers of the first rows."""
    first = min(len(opened.data), max(_PROBED, opened.pair.candidate.options.batch))
    rows = opened.data.read(0, first)
    reference, candidate = opened.ask_reference(rows), opened.ask_candidate(rows)
    fields = {
        "row_bytes": opened.data.row_bytes(),
        "runtimes": [opened.reference.runtime, opened.candidate.runtime],
    }
    arrays = {
        "labels": rows.labels,
        "reference": reference.values,
        "reference_missing": reference.missing,
        "candidate": candidate.values,
        "candidate_missing": candidate.missing,
    }
    return fields, arrays


def _load(side: str, spec: ModelSpec) -> Session:
    stage(f"{side} {spec.name}")
    session: Session = module_named(spec.module).load(Path(spec.path), spec.options)
    return session
