"""How long models take for one batch: in turns, so that a busy machine is fair to all of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from harness.accuracy.backends.model import Model
from harness.accuracy.statistics import Interval, binomial_tail

if TYPE_CHECKING:
    from harness.accuracy.backends.model import ModelSpec
    from harness.accuracy.workers import Array

_ROUNDS = 9, 41  # at least, for an interval of the median; at most
_SECONDS = 20.0  # for all of them together, once there are rounds enough
_TURN = 0.02  # seconds of a turn: the clock and the first touch of the memory are noise below
_BATCHES = 256  # in a turn, at most


def batch_seconds(
    specs: Sequence[ModelSpec], columns: Mapping[str, Array], confidence: float
) -> list[Interval]:
    """Median seconds for one batch of each model, on one thread, between its limits.

    `columns` are the rows of one batch, by the name of the input. The models run in turns, each in
    a child process of its own; loading and the first turn do not count. Raises ModelError,
    WorkerDied.
    """
    with ExitStack() as opened:
        models = [opened.enter_context(Model(spec)) for spec in specs]
        first = [_turn(model, columns, 1) for model in models]
        batches = [max(1, min(_BATCHES, round(_TURN / max(s, 1e-9)))) for s in first]
        turns: list[list[float]] = [[] for _ in models]
        began = time.monotonic()
        while len(turns[0]) < _ROUNDS[0] or (
            len(turns[0]) < _ROUNDS[1] and time.monotonic() - began < _SECONDS
        ):
            for model, number, found in zip(models, batches, turns, strict=True):
                found.append(_turn(model, columns, number))
    return [median(found, confidence) for found in turns]


def median(values: Sequence[float], confidence: float) -> Interval:
    """The median between two of the values, whatever their distribution.

    The interval of order statistics: of n values fewer than k lie below the median with the chance
    of a binomial with p = 1/2. Where n is too small for `confidence` it is all of the values.
    """
    ordered, n = sorted(values), len(values)
    k = 0
    while k + 1 <= (n - 1) // 2 and 2 * binomial_tail(k, n, 0.5) <= 1 - confidence:
        k += 1
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    low, high = ordered[max(k - 1, 0)], ordered[n - max(k, 1)]
    return Interval(middle, min(low, middle), max(high, middle))


def _turn(model: Model, columns: Mapping[str, Array], batches: int) -> float:
    """Seconds a batch, inside the model."""
    rows = len(next(iter(columns.values())))
    many = {
        name: values.take(range(rows * batches), axis=0, mode="wrap")
        for name, values in columns.items()
    }
    before = model.seconds
    model.predict(many)
    return (model.seconds - before) / batches
