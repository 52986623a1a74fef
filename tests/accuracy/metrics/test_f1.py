"""F1 of one class and over all, with and without clusters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import f1_score

from harness.accuracy.counting import Counts, Scheme
from harness.accuracy.errors import DatasetError
from harness.accuracy.metrics import measure
from harness.accuracy.statistics import unseen

Counted = Callable[..., tuple[Scheme, Counts]]


def _answers(classes: int = 4, rows: int = 800) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(3)
    labels = chance.integers(0, classes, rows)
    first = np.where(chance.random(rows) < 0.9, labels, chance.integers(0, classes, rows))
    second = np.where(chance.random(rows) < 0.8, labels, chance.integers(0, classes, rows))
    return labels, first, second


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
def test_it_is_what_scikit_learn_computes(counted: Counted, average: str) -> None:
    labels, first, second = _answers()
    scheme, counts = counted(labels, first, second, metric="f1", average=average, blocks=3)
    found = measure(scheme, counts, 0.9, 1)
    expected = [100 * f1_score(labels, side, average=average) for side in (first, second)]
    assert [found.reference, found.candidate] == pytest.approx(expected)
    assert found.drop.value == pytest.approx(expected[0] - expected[1])
    assert 0 < found.drop.low < found.drop.value < found.drop.high


def test_one_class_may_be_the_positive_one(counted: Counted) -> None:
    labels, first, second = (np.array(["ham", "spam"])[x] for x in _answers(2))
    scheme, counts = counted(labels, first, second, metric="f1", positive="spam")
    found = measure(scheme, counts, 0.9, 1)
    expected = 100 * f1_score(labels, second, pos_label="spam")
    assert found.candidate == pytest.approx(expected)
    assert "class spam" in found.method


def test_a_positive_class_without_rows_is_refused(counted: Counted) -> None:
    scheme, counts = counted([0, 1], [0, 1], [0, 1], metric="f1", positive="2")
    with pytest.raises(DatasetError, match="no row has this label; labels: 0, 1"):
        measure(scheme, counts, 0.9, 1)


def test_clusters_widen_the_interval(counted: Counted) -> None:
    """Forty users of twenty alike rows each tell little more than forty rows."""
    labels, first, second = (np.repeat(x, 20) for x in _answers(2, 40))
    users = np.repeat(np.arange(40), 20)
    alone = measure(*counted(labels, first, second, metric="f1"), 0.9, 1).drop
    together = measure(*counted(labels, first, second, users, 4, metric="f1"), 0.9, 1).drop
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low > 2.5 * (alone.high - alone.low)


def test_equal_answers_leave_room_for_what_the_rows_could_not_show(counted: Counted) -> None:
    """Twenty rows show no loss of up to 13.9 %; their class is half of the mean."""
    labels = np.repeat([0, 1], [20, 80])
    found = measure(*counted(labels, labels, labels, metric="f1"), 0.9, 1)
    assert found.drop.value == 0
    assert found.drop.high == pytest.approx(100 * unseen(20, 0.9) / 2)


def test_a_single_cluster_is_told_as_too_few(counted: Counted) -> None:
    labels = np.arange(40) % 2
    scheme, counts = counted(labels, labels, labels, clusters=labels * 0, metric="f1")
    with pytest.raises(DatasetError, match="metric 'f1': expected .* at least 2"):
        measure(scheme, counts, 0.9, 1)
