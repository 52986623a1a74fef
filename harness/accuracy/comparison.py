"""Candidate against reference on the same rows: streamed, counted, and put into one record."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.accuracy.backends import backend_of
from harness.accuracy.datasets import Batch, Dataset, check_path, open_dataset
from harness.accuracy.errors import ModelError
from harness.accuracy.lanes import Lane, LocalModel, Model
from harness.accuracy.metrics import check_metric
from harness.accuracy.predictions import Predictions
from harness.accuracy.runs import ModelRun, Side
from harness.accuracy.statistics import Interval, one_sided
from harness.accuracy.tables import Flip, Table, Tally
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.config import AccuracyConfig, Gate
    from harness.contract import Contract

SERVED = "served"
_PORTION_BYTES = 1 << 20  # of rows that go to a worker at once
_PORTION_ROWS = 4_096


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same rows. Accuracies are in %, drops in percentage points."""

    metric: str
    confidence: float  # the policy's: each end of every interval holds at it
    table: Table
    reference: ModelRun
    candidate: ModelRun
    classes: Mapping[str, Table] = field(default_factory=dict)  # by label
    slices: Mapping[str, Mapping[str, Table]] = field(default_factory=dict)  # by column and value
    flips: tuple[Flip, ...] = ()  # the first rows on which the two differ
    seconds: float = 0.0

    @property
    def level(self) -> float:
        """Two-sided level of the intervals: see `statistics.one_sided`."""
        return one_sided(self.confidence)

    @property
    def drop(self) -> Interval:
        """Accuracy that the candidate lost, in percentage points; positive is worse."""
        return self.table.drop(self.level)

    @property
    def agreement(self) -> Interval:
        """Rows on which both models say the same, in %."""
        return self.table.agreement(self.level)


def validate(gate: Gate) -> None:
    """Look at `[accuracy]` without opening a model or a data set.

    Raises ConfigError for an unknown metric, for a file that no backend or data-set format reads,
    and for a served candidate that cannot be asked.
    """
    config = _config(gate)
    check_metric(config.metric)
    if config.reference == "baseline":
        raise ConfigError(
            "accuracy.reference = 'baseline': expected a model file (.onnx, .tflite) or a "
            "SavedModel folder"
        )
    if config.candidate == SERVED and gate.contract.protocol == "json" and config.served is None:
        raise ConfigError(
            "accuracy.candidate = 'served' behind protocol 'json' needs [accuracy.served], like "
            'request = ["$row"] and answer = "/positive"'
        )
    try:
        check_path(gate.find(config.dataset))
    except ConfigError as problem:
        raise ConfigError(f"accuracy.dataset: {problem}") from None
    for key in ("reference", "candidate"):
        value: str = getattr(config, key)
        if value != SERVED:
            try:
                backend_of(gate.find(value))
            except ConfigError as problem:
                raise ConfigError(f"accuracy.{key}: {problem}") from None


def evaluate(gate: Gate, base_url: str | None, contract: Contract | None) -> Comparison:
    """Run both models over every row of the data set and count.

    `base_url` and `contract` are needed where the candidate is "served". Model files run in worker
    processes. Raises ConfigError, DatasetError, ModelError, WorkerDied, CandidateNotReady.
    """
    validate(gate)
    config = _config(gate)
    started = time.monotonic()
    with ExitStack() as stack:
        models = [_local(gate, config.reference, config.batch)]
        models.append(_candidate(gate, config, base_url, contract))
        sides = tuple(Side(stack.enter_context(Lane(model))) for model in models)
        data = stack.enter_context(
            open_dataset(gate.find(config.dataset), config.inputs, config.labels, config.slices)
        )
        tally = _count(data, sides[0], sides[1], config.batch)
    names = (config.reference, config.candidate)
    runs = [
        side.run(None if name == SERVED else gate.find(name))
        for side, name in zip(sides, names, strict=True)
    ]
    return Comparison(
        metric=config.metric,
        confidence=gate.policy.confidence,
        table=tally.table(),
        reference=runs[0],
        candidate=runs[1],
        classes=tally.by_class(),
        slices=tally.by_slice(),
        flips=tuple(tally.flips),
        seconds=time.monotonic() - started,
    )


def _config(gate: Gate) -> AccuracyConfig:
    if gate.accuracy is None:
        raise ConfigError(f"{gate.path}: has no [accuracy], so there is nothing to compare")
    return gate.accuracy


def _local(gate: Gate, name: str, batch: int) -> Model:
    path = gate.find(name)
    return LocalModel(path, name, backend_of(path), batch)


def _candidate(
    gate: Gate, config: AccuracyConfig, base_url: str | None, contract: Contract | None
) -> Model:
    if config.candidate != SERVED:
        return _local(gate, config.candidate, config.batch)
    from harness.accuracy.served import ServedModel

    if base_url is None or contract is None:
        raise ConfigError("accuracy.candidate = 'served' needs a running candidate")
    return ServedModel(base_url, contract, config.batch)


def _count(data: Dataset, reference: Side, candidate: Side, batch: int) -> Tally:
    """Every row through both models; one portion is counted while the next is computed."""
    tally = Tally()
    waiting: deque[tuple[Batch, Future[Predictions], Future[Predictions]]] = deque()

    def settle() -> None:
        rows, first, second = waiting.popleft()
        pair = (first.result(), second.result())
        reference.note(rows, pair[0])
        candidate.note(rows, pair[1])
        _same_classes(reference, candidate)
        tally.add(rows.ids, rows.labels, rows.slices, pair)

    for side in (reference, candidate):
        side.lane.started.result()
    for rows in data.batches(_portion(data, batch)):
        first, second = (side.lane.predict(rows.inputs) for side in (reference, candidate))
        waiting.append((rows, first, second))
        if len(waiting) > 1:
            settle()
    while waiting:
        settle()
    return tally


def _portion(data: Dataset, batch: int) -> int:
    """Rows to send at once: whole batches, about a mebibyte of them."""
    rows = min(_PORTION_ROWS, _PORTION_BYTES // data.row_bytes())
    return max(1, rows // batch) * batch


def _same_classes(reference: Side, candidate: Side) -> None:
    first, second = reference.classes, candidate.classes
    if first and second and first != second:
        raise ModelError(
            f"{reference.lane.model.name} has scores for {first} classes, "
            f"{candidate.lane.model.name} for {second}: they cannot be compared"
        )
