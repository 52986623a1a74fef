"""Rows and two models' answers, counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.accuracy.backends import Answers
from harness.accuracy.counting import Counts, Scheme, count
from harness.accuracy.datasets import Batch
from harness.config import AccuracyConfig

Counted = Callable[..., Counts]


@pytest.fixture(scope="session")
def counted() -> Counted:
    """`counted(labels, reference, candidate, ids=None, clusters=None, **slices)`.

    Answers are arrays of an answer a row, or `Answers`; a dictionary `accuracy` adds keys.
    """

    def make(
        labels: Any,
        reference: Any,
        candidate: Any,
        ids: Any = None,
        clusters: Any = None,
        accuracy: dict[str, Any] | None = None,
        scheme: Scheme | None = None,
        **slices: Any,
    ) -> Counts:
        labels = np.asarray(labels)
        first, second = (_answers(x) for x in (reference, candidate))
        config = AccuracyConfig(
            dataset="d.npz", reference="a.onnx", candidate="b.onnx", **(accuracy or {})
        )
        scheme = scheme or Scheme.probed(config, labels, first, second)
        columns = {name: np.asarray(values) for name, values in slices.items()}
        numbers = np.arange(len(labels)) if ids is None else np.asarray(ids)
        groups = None if clusters is None else np.asarray(clusters)
        return count(Batch(numbers, {}, labels, columns, groups), first, second, scheme)

    return make


def _answers(values: Any) -> Answers:
    if isinstance(values, Answers):
        return values
    array = np.asarray(values)
    return Answers(array, np.zeros(len(array), bool))
