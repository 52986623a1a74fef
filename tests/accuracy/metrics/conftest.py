"""Two models' answers, counted: what every test of a metric starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.accuracy.backends import Answers
from harness.accuracy.counting import Counts, Scheme, count
from harness.accuracy.datasets import Batch
from harness.config import AccuracyConfig

Counted = Callable[..., tuple[Scheme, Counts]]


@pytest.fixture(scope="session")
def counted() -> Counted:
    """`counted(labels, reference, candidate, clusters=None, blocks=1, folder="", **accuracy)`."""

    def make(
        labels: Any,
        reference: Any,
        candidate: Any,
        clusters: Any = None,
        blocks: int = 1,
        folder: str = "",
        **accuracy: Any,
    ) -> tuple[Scheme, Counts]:
        if clusters is not None:
            accuracy["clusters"] = "group"
        config = AccuracyConfig(dataset="d.npz", reference="a.onnx", candidate="b.onnx", **accuracy)
        labels, first, second = (np.asarray(x) for x in (labels, reference, candidate))
        scheme = Scheme.probed(config, labels, _all(first), _all(second), folder)
        total: Counts | None = None
        for ids in np.array_split(np.arange(len(labels)), blocks):
            groups = None if clusters is None else np.asarray(clusters)[ids]
            batch = Batch(ids, {}, labels[ids], {}, groups)
            part = count(batch, _all(first[ids]), _all(second[ids]), scheme)
            total = part if total is None else total + part
        assert total is not None
        return scheme, total

    return make


def _all(values: Any) -> Answers:
    return Answers(values, np.zeros(len(values), bool))
