"""Explored: new requests are asked in two ways, and only what differs each time counts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import explored
from harness.errors import GateError
from harness.model import Severity
from harness.testing import Handler, Reply, serve

Make = Callable[..., Any]


def _sums(rows: list[list[float]]) -> list[Any]:
    return [sum(row) / 7 for row in rows]


def test_a_clean_service_gives_no_finding(rows_contract: Make, rows_service: Make) -> None:
    with serve(rows_service(_sums)) as fake:
        relation = explored(rows_contract(), fake.base_url)
    assert relation.told() == []
    assert relation.compared > 200


def test_a_row_that_is_wrong_only_in_large_batches_is_found(
    rows_contract: Make, rows_service: Make
) -> None:
    def predict(rows: list[list[float]]) -> list[Any]:
        return [value + 0.5 * (len(rows) > 16) for value in _sums(rows)]

    with serve(rows_service(predict)) as fake:
        found = explored(rows_contract(), fake.base_url).told()
    assert [(item.rule, item.severity) for item in found] == [("explored", Severity.ERROR)]
    assert "asked as two batches" in found[0].message


def test_a_service_of_chance_has_nothing_to_explore(
    rows_contract: Make, rows_service: Make
) -> None:
    count = itertools.count()
    with serve(rows_service(lambda rows: [next(count) for _ in rows])) as fake:
        with pytest.raises(GateError, match="the same answer twice"):
            explored(rows_contract(), fake.base_url)


def test_a_service_that_limits_the_rate_has_no_finding(
    rows_contract: Make, rows_service: Make
) -> None:
    good: Handler = rows_service(_sums)
    count = itertools.count()

    def answer(method: str, path: str, body: bytes) -> Reply:
        number = next(count)
        limited = number > 150 and number % 3 == 0
        return Reply(b'{"error": "slow down"}', 429) if limited else good(method, path, body)

    with serve(answer) as fake:
        relation = explored(rows_contract(), fake.base_url)
    assert relation.findings == []


def test_a_difference_that_was_there_once_is_a_finding_that_shuts_no_gate(
    rows_contract: Make, rows_service: Make
) -> None:
    count = itertools.count()

    def predict(rows: list[list[float]]) -> list[Any]:
        return [value + (next(count) == 2500) for value in _sums(rows)]

    with serve(rows_service(predict)) as fake:
        found = explored(rows_contract(), fake.base_url).told()
    assert [(item.rule, item.severity) for item in found] == [("unstable", Severity.WARNING)]
