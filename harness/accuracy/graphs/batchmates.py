"""Whether an answer depends on the rows that happen to be in the same batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy.backends.model import Model, ModelSpec
from harness.accuracy.backends.running import choose
from harness.accuracy.graphs.differences import Difference, differ
from harness.accuracy.graphs.subject import part
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW, MANY = 128, 2_048  # rows: to see any differing bit, and to say how many answers change
_SECONDS = 20.0  # in the model, after which few rows have to do


@dataclass(frozen=True, slots=True)
class BatchMates:
    """The same rows among others; `worst` is the arrangement that changed most answers."""

    rows: int
    batch: int
    arrangement: str
    worst: Difference


def batch_mates(
    spec: ModelSpec,
    columns: dict[str, Array],
    *,
    output: str | None = None,
    numbers: bool = False,
    seed: int = 1,
) -> BatchMates:
    """Rows at the declared batch in their order, against the same shuffled and one by one.

    Begins with few rows; where not every bit is the same, more are run, so that the share of
    changed answers can be told. Raises ModelError, WorkerDied.
    """
    total = len(next(iter(columns.values())))
    with Model(spec) as model:
        few = part(columns, 0, min(FEW, total))
        found = _compare(model, few, output, numbers, seed)
        if not found.worst.equal and total > FEW:
            count = min(total, MANY, int(FEW * _SECONDS / max(model.seconds, 1e-9)))
            if count > FEW:
                found = _compare(model, part(columns, 0, count), output, numbers, seed)
    return found


def _compare(
    model: Model, columns: dict[str, Array], output: str | None, numbers: bool, seed: int
) -> BatchMates:
    rows, batch = len(next(iter(columns.values()))), model.spec.options.batch

    def answers(order: NDArray[np.int64] | None, size: int) -> Array:
        chosen = columns if order is None else {k: v[order] for k, v in columns.items()}
        found = model.predict(chosen, size)
        values = found[choose(found, output)]
        if order is None:
            return values
        back: Array = values[np.argsort(order)]
        return back

    first = answers(None, batch)
    shuffled = answers(np.random.default_rng(seed).permutation(rows), batch)
    tried: Sequence[tuple[str, Difference]] = [
        (f"shuffled, {batch} at a time", differ(first, shuffled, numbers=numbers)),
        ("one by one", differ(first, answers(None, 1), numbers=numbers)),
    ]
    name, worst = max(tried, key=lambda row: (row[1].share, int(row[1].differing.sum())))
    return BatchMates(rows, batch, name, worst)
