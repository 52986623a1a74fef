"""Sums by key."""

from __future__ import annotations

import numpy as np
import pytest

from harness.accuracy.counting.keyed import Keyed, unique


def test_rows_of_a_key_are_added_in_their_order() -> None:
    """Floats: 1e16 + 1 - 1e16 is 0 in this order only."""
    found = Keyed.of(np.array([2, 1, 2, 2]), np.array([[1e16], [5.0], [1.0], [-1e16]]))
    assert found.keys.tolist() == [[1], [2]]
    assert found.sums.tolist() == [[5.0], [0.0]]


def test_keys_of_several_parts_are_one_key() -> None:
    found = Keyed.of(np.array([["a", "b"], ["a", "c"], ["a", "b"]]), np.ones((3, 1), int))
    assert found.keys.tolist() == [["a", "b"], ["a", "c"]]
    assert found.sums[:, 0].tolist() == [2, 1]


def test_codes_are_counted_for_each_key() -> None:
    found = Keyed.counted(np.array([7, 7, -1]), np.array([0, 2, 1]), 3)
    assert {key: sums.tolist() for key, sums in found.items()} == {"-1": [0, 1, 0], "7": [1, 0, 1]}


def test_names_come_in_natural_order() -> None:
    found = Keyed.of(np.array(["10", "b", "9", "a"]), np.ones((4, 1)))
    assert [name for name, _ in found.items()] == ["9", "10", "a", "b"]


@pytest.mark.parametrize(
    "keys", [[5, 3, 5, 4], [10**12, -5, 10**12], ["b", "a", "b"], [True, False]]
)
def test_keys_are_found_however_far_apart(keys: list[object]) -> None:
    values, inverse = unique(np.asarray(keys))
    assert values.tolist() == sorted(set(keys), key=lambda key: (key,))
    assert values[inverse].tolist() == keys


def test_nothing_adds_nothing() -> None:
    some = Keyed.of(np.array([1]), np.array([[2]]))
    for both in (some + some.none(), some.none() + some):
        assert both.sums.tolist() == [[2]]


def test_nan_is_one_key_in_every_block() -> None:
    keys = np.array([1.0, np.nan, np.nan])
    block = Keyed.counted(keys, np.zeros(3, np.int64), 1)
    assert {name: sums.tolist() for name, sums in (block + block + block).items()} == {
        "1.0": [3],
        "nan": [6],
    }
