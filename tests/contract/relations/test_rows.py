"""Rows: asked alone once, told apart in every batch, and no error where there can be none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import Contract, batch
from harness.contract.relations.rows import bench
from harness.errors import GateError
from harness.model import Severity
from harness.testing import Handler, Reply, serve

Make = Callable[..., Any]


def _sums(rows: list[list[float]]) -> list[Any]:
    return [sum(row) / 7 for row in rows]


def test_rows_are_different_and_asked_once(rows_contract: Make, rows_service: Make) -> None:
    good: Handler = rows_service(_sums)
    bodies: list[bytes] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        bodies.append(body)
        return good(method, path, body)

    contract = rows_contract()
    with serve(answer) as fake:
        made = bench(contract, fake.base_url)
        count = len(bodies)
        assert bench(contract, fake.base_url) is made
    values = [json.dumps(row.value) for row in made.rows]
    assert len(values) == len(set(values)) == 33
    assert len(bodies) == count


def test_one_example_row_is_enough_for_every_size(make_gate: Make, rows_service: Make) -> None:
    text = 'protocol = "kserve-v1"\nexamples = "one.jsonl"'
    contract = Contract.load(make_gate(text, one_jsonl='{"request": {"instances": [[1, 2, 3]]}}'))
    with serve(rows_service(_sums)) as fake:
        relation = batch(contract, fake.base_url)
    assert relation.told() == []
    assert relation.compared == 2 + 3 + 7 + 8 + 9 + 16 + 17 + 31 + 32 + 33


def test_an_answer_without_declared_outputs_cannot_be_told_apart_and_is_no_error(
    make_gate: Make,
) -> None:
    text = 'path = "/p"\n[[contract.inputs]]\nname = "x"\nshape = ["batch", 3]'
    contract = Contract.load(make_gate(text))
    with serve(lambda method, path, body: Reply(b'{"p": [0.5]}')) as fake:
        relation = batch(contract, fake.base_url)
    assert [item.severity for item in relation.told()] == [Severity.INFO]
    assert "which part of an answer belongs to which row" in relation.told()[0].message


def test_results_that_are_missing_are_an_error_and_no_success(
    rows_contract: Make, rows_service: Make
) -> None:
    with serve(rows_service(lambda rows: _sums(rows)[:1])) as fake:
        with pytest.raises(GateError, match="nothing to compare"):
            batch(rows_contract(), fake.base_url)
