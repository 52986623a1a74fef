"""Comparing: numbers within a tolerance, everything else exactly."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.compare import Comparer

NAN = float("nan")


@pytest.mark.parametrize(
    ("a", "b", "path"),
    [
        ({"p": [0.1, 1]}, {"p": [0.1000001, 1]}, None),
        ({"p": [0.1, 1]}, {"p": [0.2, 1]}, "$.p[0]"),
        (1000.0, 1000.001, None),
        (1, 2, "$"),
        (1, 1.0, None),
        (True, 1, "$"),
        ("false", False, "$"),
        (None, 0, "$"),
        ([NAN], [NAN], None),
        ([NAN], [0.0], "$[0]"),
        ([float("inf")], [float("inf")], None),
        ([1], [1, 2], "$"),
        ({"a": 1}, {"a": 1, "b c": 2}, '$["b c"]'),
        ({"a": 1}, {}, "$.a"),
    ],
)
def test_the_first_difference_is_found(a: Any, b: Any, path: str | None) -> None:
    found = Comparer(1e-5).difference(a, b)
    assert (found.path if found else None) == path


def test_the_largest_difference_is_remembered() -> None:
    comparer = Comparer(1e-2)
    comparer.difference([0.5, 200.0], [0.501, 201.0])
    assert comparer.largest == pytest.approx(0.005)
