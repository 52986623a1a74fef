"""Comparing: numbers within a tolerance, everything else exactly."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.judging.compare import Comparer, tied

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


def test_every_difference_is_told_in_order() -> None:
    found = Comparer(0.0).differences({"a": 1, "b": [1, 2], "c": 0}, {"a": 2, "b": [1, 3], "d": 0})
    assert [item.path for item in found] == ["$.a", "$.b[1]", "$.c", "$.d"]


def test_volatile_members_are_no_difference() -> None:
    comparer = Comparer(0.0, volatile=["$.rows[*].ms"])
    assert comparer.difference({"rows": [{"v": 1, "ms": 3}]}, {"rows": [{"v": 1}]}) is None
    assert comparer.difference({"rows": [{"v": 1}]}, {"rows": [{"v": 2}]}) is not None


def test_a_small_number_is_rounded_as_coarsely_as_the_large_ones_beside_it() -> None:
    assert Comparer(1e-5).difference([4000.5, 0.01], [4000.5, 0.015]) is None
    assert Comparer(1e-5).difference([[4000.5], [0.01]], [[4000.5], [0.015]]) is not None


def test_one_step_of_rounded_numbers_is_no_difference() -> None:
    assert Comparer(1e-5, step=1e-3).difference(0.123, 0.124) is None
    assert Comparer(1e-5, step=1e-3).difference(0.123, 0.125) is not None


def test_a_whole_number_beyond_every_double_is_compared_without_an_error() -> None:
    assert Comparer(1e-5).difference(10**400, 1.5) is not None
    assert Comparer(1e-5).difference(10**400, 10**400) is None


LABELS = [
    ({"label": "a", "scores": [0.5, 0.49999]}, {"label": "b", "scores": [0.49999, 0.5]}, True),
    ({"label": "a", "scores": [0.6, 0.4]}, {"label": "b", "scores": [0.6, 0.4]}, False),
    ({"label": "a", "scores": [0.5, 0.5]}, {"label": "b", "scores": [0.9, 0.1]}, False),
    ({"label": "a", "score": 0.5}, {"label": "b", "score": 0.5}, True),
    ({"label": "a", "score": 0.9}, {"label": "b", "score": 0.9}, False),
    ({"label": "a", "meta": {"threshold": 0.5}}, {"label": "b", "meta": {"threshold": 0.5}}, False),
    ({"label": 0, "by": {"x": 0.5, "y": 0.5}}, {"label": 1, "by": {"x": 0.5, "y": 0.5}}, True),
    ({"label": ["a"], "p": [[0.5, 0.5]]}, {"label": ["b"], "p": [[0.5, 0.5]]}, True),
    (
        [{"label": "a", "score": 0.4}, {"label": "b", "score": 0.4}, {"label": "c", "score": 0.2}],
        [{"label": "b", "score": 0.4}, {"label": "a", "score": 0.4}, {"label": "c", "score": 0.2}],
        True,
    ),
    ("a", "b", False),
    ({"label": "a", "scores": [0.5, 0.5]}, {"label": "a", "scores": [0.5, 0.5], "x": 1}, False),
]


@pytest.mark.parametrize(("a", "b", "expected"), LABELS)
def test_a_label_between_equal_scores_is_a_tie_and_nothing_else_is(
    a: Any, b: Any, expected: bool
) -> None:
    assert tied(a, b, 1e-4) is expected
