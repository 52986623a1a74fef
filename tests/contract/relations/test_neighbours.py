"""Neighbours: a memory by rounded inputs is found; trees and bins of a model are its right."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from harness.contract import history
from harness.contract.relations.neighbours import _roughness
from harness.testing import serve

Make = Callable[..., Any]
TABLE = """protocol = "kserve-v1"
[[contract.inputs]]
name = "x"
datatype = "FP64"
shape = ["batch", 3]
range = [0, 90]
[[contract.outputs]]
name = "p"
shape = ["batch"]
"""


def _curve(row: list[float]) -> float:
    return 3 * row[0] + math.exp(-row[0] / 60) * row[1] + row[2]


def _remembering(digits: int | None) -> Callable[[list[float]], float]:
    """A model with a memory whose key is rounded; None: cut to whole numbers."""
    kept: dict[Any, float] = {}

    def predict(row: list[float]) -> float:
        key = tuple(int(item) if digits is None else round(item, digits) for item in row)
        return kept.setdefault(key, _curve(row))

    return predict


def _told(predict: Callable[[list[float]], float], made: tuple[Make, Make]) -> list[Any]:
    make_gate, rows_service = made
    from harness.contract import Contract

    contract = Contract.load(make_gate(TABLE))
    with serve(rows_service(lambda rows: [predict(row) for row in rows])) as fake:
        return [item for item in history(contract, fake.base_url).told() if item.rule == "history"]


@pytest.mark.parametrize("digits", [None, 0, 2])
def test_an_answer_that_was_kept_for_a_rounded_input_is_found(
    digits: int | None, make_gate: Make, rows_service: Make
) -> None:
    found = _told(_remembering(digits), (make_gate, rows_service))
    assert len(found) == 1
    assert "which was asked before it" in found[0].message


@pytest.mark.parametrize(
    ("name", "predict"),
    [
        ("smooth", _curve),
        ("cut to whole numbers", lambda row: _curve([float(int(item)) for item in row])),
        ("rounded", lambda row: _curve([round(item, 2) for item in row])),
        ("steps of no order", lambda row: math.sin(1e4 * int(row[0])) + 2),
        ("a step in the middle of each", lambda row: float(int(row[0] + 0.75))),
        ("binned by half", lambda row: _curve([int(2 * item) / 2 for item in row])),
        ("rounded answers", lambda row: round(_curve(row), 0)),
        ("constant", lambda row: 0.5),
        ("another number counts", lambda row: row[2] / 7),
    ],
)
def test_what_a_model_without_a_memory_answers_is_no_finding(
    name: str, predict: Callable[[list[float]], float], make_gate: Make, rows_service: Make
) -> None:
    assert _told(predict, (make_gate, rows_service)) == []


def test_a_cubic_is_as_smooth_as_it_gets() -> None:
    places = [0.1, 1.4, 2.1, 3.1, 4.4, 5.4]
    assert _roughness(places, [x**3 - x for x in places]) < 1e-9
    assert _roughness(places, [float(int(x)) for x in places]) > 0.05
