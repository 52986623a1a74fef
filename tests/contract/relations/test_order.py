"""Order: the rows of a batch may stand in any order, and more than once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import order
from harness.testing import serve

Make = Callable[..., Any]


def _sums(rows: list[list[float]]) -> list[Any]:
    return [sum(row) / 7 for row in rows]


def test_results_that_follow_their_rows_have_no_finding(
    rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(_sums)) as fake:
        relation = order(rows_contract(), fake.base_url)
    assert relation.told() == []
    assert relation.compared > 27


@pytest.mark.parametrize(
    ("name", "predict"),
    [
        ("sorted", lambda rows: sorted(_sums(rows))),
        ("a running state", lambda rows: [sum(_sums(rows[: i + 1])) for i in range(len(rows))]),
        ("the first is special", lambda rows: [9.0, *_sums(rows[1:])]),
    ],
)
def test_a_result_that_depends_on_its_place_is_found(
    name: str, predict: Any, rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(predict)) as fake:
        found = order(rows_contract(), fake.base_url).told()
    assert [item.rule for item in found] == ["order"]
    assert "seen with: rows reversed, rows moved on by one" in found[0].message


def test_equal_rows_with_different_results_are_found(
    rows_contract: Make, rows_service: Make
) -> None:
    def predict(rows: list[list[float]]) -> list[Any]:
        return [value + rows[:i].count(rows[i]) for i, value in enumerate(_sums(rows))]

    with serve(rows_service(predict)) as fake:
        found = order(rows_contract(), fake.base_url).told()
    assert "rows 1 and 3 of 9 are equal, and their results not" in found[0].message


def test_rows_that_depend_on_each_other_in_any_order_are_the_matter_of_batch(
    rows_contract: Make, rows_service: Make
) -> None:
    def predict(rows: list[list[float]]) -> list[Any]:
        return [value / (1 + sum(_sums(rows))) for value in _sums(rows)]

    with serve(rows_service(predict)) as fake:
        assert order(rows_contract(), fake.base_url).told() == []


def test_a_batch_that_changes_by_itself_is_not_the_order_s_fault(
    rows_contract: Make, rows_service: Make
) -> None:
    count = iter(range(1_000_000))

    def predict(rows: list[list[float]]) -> list[Any]:
        return [float(next(count)) if len(rows) > 1 else 0.5 for _ in rows]

    with serve(rows_service(predict)) as fake:
        found = order(rows_contract(), fake.base_url).told()
    assert [item.message for item in found if "when the rows are" in item.message] == []


def test_one_row_at_most_has_no_order(rows_contract: Make, rows_service: Make) -> None:
    with serve(rows_service(_sums)) as fake:
        relation = order(rows_contract(more="max_batch = 1"), fake.base_url)
    assert relation.compared == 0
    assert "one row is the most" in relation.told()[0].message
