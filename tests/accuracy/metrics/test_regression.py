"""Errors of numbers, and the growth of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from harness.accuracy.counting import Counts, Scheme
from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.metrics import measure

Counted = Callable[..., tuple[Scheme, Counts]]


def _numbers(rows: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(2)
    labels = chance.normal(size=rows) + 1e6  # far from zero, where squares lose their digits
    first = labels + 0.3 * chance.normal(size=rows)
    return labels, first, first + 0.1 * chance.normal(size=rows)


@pytest.mark.parametrize(
    ("metric", "oracle"), [("mae", mean_absolute_error), ("rmse", root_mean_squared_error)]
)
def test_errors_grow_in_percent_of_the_reference(
    counted: Counted, metric: str, oracle: Callable[..., float]
) -> None:
    labels, first, second = _numbers()
    found = measure(*counted(labels, first, second, metric=metric, blocks=4), 0.9, 1)
    expected = [oracle(labels, side) for side in (first, second)]
    assert [found.reference, found.candidate] == pytest.approx(expected)
    assert found.drop.value == pytest.approx(100 * (expected[1] / expected[0] - 1))
    assert found.drop.low < found.drop.value < found.drop.high


def test_r2_is_a_share_and_loses_no_digits_far_from_zero(counted: Counted) -> None:
    labels, first, second = _numbers()
    found = measure(*counted(labels, first, second, metric="r2", blocks=4), 0.9, 1)
    expected = [100 * r2_score(labels, side) for side in (first, second)]
    assert [found.reference, found.candidate] == pytest.approx(expected, abs=1e-6)
    assert found.drop.value == pytest.approx(expected[0] - expected[1], abs=1e-6)


def test_many_rows_are_resampled_in_groups_with_the_same_width(counted: Counted) -> None:
    """12,000 rows in 4,093 groups: the interval is that of the normal approximation."""
    labels, first, second = _numbers(12_000)
    found = measure(*counted(labels, first, second, metric="mae", blocks=5), 0.9, 1)
    errors = [np.abs(side - labels) for side in (first, second)]
    ratio = errors[1].mean() / errors[0].mean()
    spread = (errors[1] - ratio * errors[0]).std() / errors[0].mean() / np.sqrt(12_000)
    assert found.drop.high - found.drop.low == pytest.approx(200 * 1.645 * spread, rel=0.1)
    assert "4093 groups of rows" in found.method


def test_several_numbers_a_row_are_averaged(counted: Counted) -> None:
    labels = np.zeros((50, 2))
    found = measure(*counted(labels, labels + [1, 3], labels + [2, 4], metric="mae"), 0.9, 1)
    assert (found.reference, found.candidate) == (2.0, 3.0)


def test_numbers_have_no_classes_and_no_flips(counted: Counted) -> None:
    labels, first, second = _numbers()
    _, counts = counted(labels, first, second, metric="rmse")
    assert (counts.table().n, len(counts.flips), counts.by_class()) == (0, 0, {})
    assert counts.divergence.rows == 500


def test_a_faultless_reference_has_no_proportion(counted: Counted) -> None:
    labels, _, second = _numbers()
    with pytest.raises(DatasetError, match="the reference makes no error"):
        measure(*counted(labels, labels, second, metric="mae"), 0.9, 1)


def test_answers_must_have_as_many_numbers_as_labels(counted: Counted) -> None:
    with pytest.raises(ModelError, match="answers 2 numbers a row where labels have 1"):
        counted([0.5, 1.5], np.zeros((2, 2)), np.zeros((2, 2)), metric="mae")
