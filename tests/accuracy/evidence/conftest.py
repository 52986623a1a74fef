"""A comparison as an evaluation would have left it, without a model being run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.accuracy.backends import Answers
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.comparison import Comparison, conclude
from harness.accuracy.counting import Scheme, count
from harness.accuracy.datasets import Batch, Roles, Source
from harness.accuracy.evaluation import Identity, Job, Pair
from harness.accuracy.evaluation.early import Terms
from harness.config import AccuracyConfig

Compared = Callable[..., Comparison]


@pytest.fixture(scope="session")
def compared() -> Compared:
    """`compared(labels, reference, candidate, slices=None, clusters=None, **accuracy)`."""

    def make(
        labels: Any,
        reference: Any,
        candidate: Any,
        slices: dict[str, Any] | None = None,
        clusters: Any = None,
        **accuracy: Any,
    ) -> Comparison:
        labels = np.asarray(labels)
        sides = [x if isinstance(x, Answers) else _all(x) for x in (reference, candidate)]
        config = AccuracyConfig(
            dataset="d.npz",
            reference="fp32.onnx",
            candidate="int8.onnx",
            clusters=None if clusters is None else "user",
            **accuracy,
        )
        scheme = Scheme.probed(config, labels, sides[0], sides[1])
        columns = {name: np.asarray(values) for name, values in (slices or {}).items()}
        groups = None if clusters is None else np.asarray(clusters)
        batch = Batch(np.arange(len(labels)), {}, labels, columns, groups)
        counts = count(batch, sides[0], sides[1], scheme)
        return conclude(_job(config, scheme, len(labels)), [(0, counts)], Terms(0.95, {}))

    return make


def _job(config: AccuracyConfig, scheme: Scheme, rows: int) -> Job:
    source = Source("d.npz", Roles.of(config), "sha256:dd", rows)
    first, second = (
        ModelSpec(name, "harness.accuracy.backends.onnx", name)
        for name in (config.reference, config.candidate)
    )
    return Job(
        Pair(source, first, second),
        reference=Identity("onnxruntime 1.31.1", "sha256:aa", 100),
        candidate=Identity("onnxruntime 1.31.1", "sha256:bb", 30),
        scheme=scheme,
        block=rows,
        seed=1,
        shuffled=False,
    )


def _all(values: Any) -> Answers:
    array = np.asarray(values)
    return Answers(array, np.zeros(len(array), bool))
