"""AUROC: ranks of one class against the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from harness.accuracy.counting import Counts, Scheme
from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.metrics import measure

Counted = Callable[..., tuple[Scheme, Counts]]


def _scores(rows: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(5)
    labels = chance.integers(0, 2, rows)
    first = labels + chance.normal(size=rows)
    return labels, first, first + chance.normal(size=rows)


def test_lone_logits_rank_as_scikit_learn_has_it(counted: Counted) -> None:
    labels, first, second = _scores()
    found = measure(*counted(labels, first, second, metric="auroc", blocks=3), 0.9, 1)
    expected = [100 * roc_auc_score(labels, side) for side in (first, second)]
    assert [found.reference, found.candidate] == pytest.approx(expected)
    assert found.drop.low < found.drop.value < found.drop.high


def test_two_columns_of_logits_are_ranked_by_their_difference(counted: Counted) -> None:
    labels, first, second = _scores()
    pairs = [np.stack([np.full(len(labels), 7.0), 7 + side], axis=1) for side in (first, second)]
    found = measure(*counted(labels, *pairs, metric="auroc"), 0.9, 1)
    assert found.reference == pytest.approx(100 * roc_auc_score(labels, first))


def test_one_of_many_classes_is_ranked_by_its_probability(counted: Counted) -> None:
    chance = np.random.default_rng(8)
    labels = chance.integers(0, 4, 300)
    logits = chance.normal(size=(300, 4)) + 2 * np.eye(4)[labels]
    found = measure(*counted(labels, logits, logits, metric="auroc", positive="2"), 0.9, 1)
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert found.reference == pytest.approx(100 * roc_auc_score(labels == 2, softmax[:, 2]))


def test_text_labels_name_the_positive_class(counted: Counted) -> None:
    labels, first, second = _scores()
    named = np.array(["ham", "spam"])[labels]
    scheme, counts = counted(named, first, second, metric="auroc", positive="spam")
    found = measure(scheme, counts, 0.9, 1)
    assert found.candidate == pytest.approx(100 * roc_auc_score(labels, second))
    assert counts.table().both_right == int(
        ((first >= 0) & (second >= 0) & (labels == 1)).sum()
    ) + int(((first < 0) & (second < 0) & (labels == 0)).sum())


def test_clusters_widen_the_interval(counted: Counted) -> None:
    labels, first, second = (np.repeat(x, 10) for x in _scores(60))
    users = np.repeat(np.arange(60), 10)
    alone = measure(*counted(labels, first, second, metric="auroc"), 0.9, 1).drop
    together = measure(*counted(labels, first, second, users, metric="auroc"), 0.9, 1).drop
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_rows_of_one_side_only_cannot_be_ranked(counted: Counted) -> None:
    _, first, second = _scores(50)
    with pytest.raises(DatasetError, match="the rarer of the two labels has 0 rows"):
        measure(*counted(np.ones(50, int), first, second, metric="auroc"), 0.9, 1)


def test_many_classes_need_a_positive_one(counted: Counted) -> None:
    scores = np.eye(3)
    with pytest.raises(ModelError, match="3 scores a row, so there is no class 7"):
        counted([0, 1, 2], scores, scores, metric="auroc", positive="7")
