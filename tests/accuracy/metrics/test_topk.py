"""Top-k: the label among the k highest scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import top_k_accuracy_score

from harness.accuracy.counting import Counts, Scheme
from harness.accuracy.errors import ModelError
from harness.accuracy.metrics import measure

Counted = Callable[..., tuple[Scheme, Counts]]


def test_it_is_what_scikit_learn_computes(counted: Counted) -> None:
    chance = np.random.default_rng(1)
    labels = chance.integers(0, 7, 500)
    first, second = chance.random((2, 500, 7))
    scheme, counts = counted(labels, first, second, metric="topk", k=3, blocks=2)
    found = measure(scheme, counts, 0.9, 1)
    expected = [100 * top_k_accuracy_score(labels, side, k=3) for side in (first, second)]
    assert [found.reference, found.candidate] == pytest.approx(expected)
    assert found.drop.value == pytest.approx(expected[0] - expected[1])


def test_of_equal_scores_the_first_classes_count(counted: Counted) -> None:
    scores = np.ones((3, 4))
    scheme, counts = counted([0, 1, 2], scores, scores, metric="topk", k=2)
    assert counts.table().both_right == 2


def test_both_right_may_still_be_another_answer(counted: Counted) -> None:
    first, second = np.array([[3.0, 2.0, 1.0]]), np.array([[2.0, 3.0, 1.0]])
    _, counts = counted([0], first, second, metric="topk", k=2)
    assert (counts.table().both_right, counts.same, len(counts.flips)) == (1, 0, 1)


def test_bare_classes_have_no_second_best(counted: Counted) -> None:
    with pytest.raises(ModelError, match="answers a class and no scores a row.*more than 5"):
        counted([0, 1], [0, 1], [0, 1], metric="topk")
