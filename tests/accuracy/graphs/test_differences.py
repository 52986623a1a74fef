"""When two answers to one row count as different."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.accuracy.errors import ModelError
from harness.accuracy.graphs.differences import differ


def test_scores_change_where_another_class_is_highest() -> None:
    found = differ(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([[0.8, 0.2], [0.4, 0.6]]))

    assert found.changed.tolist() == [False, True]
    assert found.differing.tolist() == [True, True]
    assert found.share == 50


def test_a_lone_probability_changes_where_it_crosses_a_half() -> None:
    found = differ(np.array([[0.49], [0.8]]), np.array([[0.51], [0.7]]))

    assert found.changed.tolist() == [True, False]


def test_whole_numbers_and_text_change_where_they_are_others() -> None:
    assert differ(np.array([1, 2]), np.array([1, 3])).changed.tolist() == [False, True]
    assert differ(np.array(["a", "b"]), np.array(["a", "c"])).changed.tolist() == [False, True]


def test_numbers_change_where_they_move_by_more_than_a_hundredth_of_their_spread() -> None:
    first = np.array([0.0, 100.0, 200.0])

    found = differ(first, first + np.array([0.5, 0.0, 2.0]), numbers=True)

    assert found.changed.tolist() == [False, False, True]


def test_equal_bits_are_equal_with_nan_too() -> None:
    values = np.array([[1.0, np.nan]])

    found = differ(values, values.copy())

    assert found.equal and found.share == 0


def test_the_signal_is_told_in_decibels() -> None:
    assert differ(np.array([10.0, 0.0]), np.array([9.0, 0.0])).decibels == pytest.approx(20)
    assert differ(np.ones(2), np.ones(2)).decibels == math.inf


def test_answers_of_another_shape_are_an_error() -> None:
    with pytest.raises(ModelError, match=r"shape \(2, 2\) the second time, after \(2, 3\)"):
        differ(np.zeros((2, 3)), np.zeros((2, 2)))
