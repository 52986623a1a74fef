"""Time of a batch: a median whose limits are two of the values, models in turns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.speed import batch_seconds, median
from harness.accuracy.statistics import Interval


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(9, 2.0, 8.0), (20, 6.0, 15.0), (41, 14.0, 28.0)],
)
def test_the_interval_of_the_median_is_that_of_order_statistics(
    count: int, low: float, high: float
) -> None:
    """At 95 %: P(Bin(20, 1/2) <= 5) is 0.0207, so the 6th and the 15th of 20 values bound it."""
    found = median([float(k) for k in range(count, 0, -1)], 0.95)
    assert found == Interval((count + 1) / 2, low, high)


def test_of_too_few_values_the_interval_is_all_of_them() -> None:
    assert median([3.0, 1.0, 2.0], 0.95) == Interval(2.0, 1.0, 3.0)


def test_a_batch_takes_time_in_every_model(save_linear: Callable[..., Path]) -> None:
    rng = np.random.default_rng(0)
    small = save_linear("small.onnx", rng.normal(size=(8, 4)))
    large = save_linear("large.onnx", rng.normal(size=(8, 40_000)))
    specs = [
        ModelSpec(path.name, "harness.accuracy.backends.onnx", str(path)) for path in (small, large)
    ]
    rows = {"x": rng.normal(size=(32, 8)).astype(np.float32)}
    first, second = batch_seconds(specs, rows, 0.9)
    assert 0 < first.low <= first.value <= first.high < second.low
