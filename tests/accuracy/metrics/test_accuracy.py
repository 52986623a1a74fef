"""Accuracy: the share of right rows, and what was lost of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.accuracy.counting import Counts, Scheme
from harness.accuracy.metrics import measure
from harness.accuracy.statistics import clustered, paired

Counted = Callable[..., tuple[Scheme, Counts]]


def test_the_drop_is_the_interval_of_the_paired_difference(counted: Counted) -> None:
    labels = [0] * 100
    scheme, counts = counted(labels, [0] * 90 + [1] * 10, [0] * 85 + [1] * 15)
    found = measure(scheme, counts, 0.9, 1)
    assert (found.reference, found.candidate, found.unit) == (90.0, 85.0, "%")
    assert found.drop == paired(5, 0, 100, 0.9).scaled(100)


def test_rows_of_clusters_are_no_independent_rows(counted: Counted) -> None:
    labels = np.zeros(200, int)
    candidate = np.repeat([1, 0], [20, 180])
    users = np.repeat(np.arange(20), 10)
    scheme, counts = counted(labels, labels, candidate, users, blocks=3)
    found = measure(scheme, counts, 0.9, 1)
    sums = [[10, 10, 0]] * 2 + [[10, 0, 0]] * 18
    assert found.drop == clustered(sums, 0.9).scaled(100)
    assert found.drop.high > paired(20, 0, 200, 0.9).scaled(100).high
    assert "20 clusters by column 'group'" in found.method
