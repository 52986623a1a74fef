"""Plans of tensors: within what is declared, the same on every machine, and diverse."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.judging.tensors import Carried, judge
from harness.contract.requests.chance import Chance
from harness.contract.requests.plans import (
    KINDS,
    Filling,
    Plan,
    draw,
    edges,
    fill,
    filled,
    span,
    spread,
)


def declared(datatype: str = "FP32", **more: Any) -> Tensor:
    given = {"name": "x", "datatype": datatype, "shape": ["batch", 3]} | more
    return Tensor.model_validate(given)


@pytest.mark.parametrize(
    "datatype", ["FP16", "FP32", "FP64", "INT8", "INT64", "UINT8", "UINT64", "BOOL", "BYTES"]
)
@pytest.mark.parametrize("bounds", [None, [1, 16], [0.25, 1.0], [-1e30, 1e30], [5, 5]])
def test_every_plan_keeps_the_rules_of_its_tensor(datatype: str, bounds: list[float]) -> None:
    tensor = declared(datatype, range=bounds)
    if datatype == "FP16" and bounds == [-1e30, 1e30]:
        assert span(tensor) == (-65504.0, 65504.0)
    for seed in range(40):
        plan = draw(Chance.seeded(seed), [tensor], {"batch": 5})
        values = filled(plan, [tensor])["x"]
        assert judge([tensor], [Carried("x", values, "$")], {"batch": 5}) == []


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_no_rows_and_no_columns_are_filled_too(kind: int) -> None:
    tensor = declared(shape=["batch", 0])
    assert fill(Plan({"batch": 2}, (Filling(kind),)), [tensor])["x"].shape == (2, 0)


def test_what_a_plan_gives_is_the_same_on_every_machine() -> None:
    tensors = [declared(range=[0, 16]), declared("INT64", name="y", range=[-5, 5])]
    digest = hashlib.sha256()
    for seed in range(50):
        plan = draw(Chance.seeded(seed), tensors, {"batch": 9})
        digest.update(repr(filled(plan, tensors)).encode())
    assert digest.hexdigest()[:16] == "98c5f40979dff5ad"


def test_each_row_of_a_batch_is_of_another_kind() -> None:
    tensor = declared(shape=["batch", 64], range=[0, 16])
    rows = fill(Plan({"batch": 8}, (Filling(0, 3),)), [tensor])["x"]
    zeros = [(row == 0).mean() for row in rows]
    assert len({tuple(row) for row in rows}) == 8
    assert zeros[KINDS.index("sparse")] > 0.7 and zeros[KINDS.index("one-hot")] == 63 / 64
    assert zeros[KINDS.index("uniform")] == 0
    assert len(set(rows[KINDS.index("constant")])) == 1
    assert (rows[KINDS.index("rising")][1:] >= rows[KINDS.index("rising")][:-1]).all()


def test_single_rows_are_of_every_kind() -> None:
    kinds = [KINDS[p.fillings[0].kind % len(KINDS)] for p in spread([declared()], len(KINDS))]
    assert sorted(kinds) == sorted(KINDS)


def test_an_edge_is_planted_where_the_plan_says() -> None:
    tensor = declared(range=[0, 16])
    plan = Plan({"batch": 1}, (Filling(0, 1, ((2, 1),)),))
    assert filled(plan, [tensor])["x"][0][2] == 16.0


def test_the_edges_have_both_zeros_the_ends_and_many_decimals() -> None:
    known = edges(declared(range=[-1, 3]))
    assert known[:2] == [-1.0, 3.0]
    assert {math.copysign(1, x) for x in known if x == 0} == {1.0, -1.0}
    assert any(len(repr(x)) > 16 for x in known)
    assert math.nextafter(3.0, -1.0) in known


def test_texts_are_planted_or_plain_and_labels_are_the_only_words() -> None:
    assert "" in edges(declared("BYTES"))
    assert edges(declared("BYTES", labels=["cat", "dog"])) == ["cat", "dog"]
    plan = Plan({"batch": 4}, (Filling(0, 7),))
    rows = filled(plan, [declared("BYTES", labels=["cat", "dog"])])["x"]
    assert {word for row in rows for word in row} <= {"cat", "dog"}


def test_without_a_range_a_whole_number_is_a_small_index() -> None:
    assert span(declared("INT64")) == (0, 1)


def test_bodies_stay_short_as_filled_cells_have_four_digits() -> None:
    row = filled(Plan({"batch": 1}, (Filling(1, 1),)), [declared(range=[0, 255])])["x"][0]
    assert max(len(repr(x)) for x in row) <= 6


def test_a_plan_says_what_it_is() -> None:
    plan = Plan({"batch": 3}, (Filling(3, 17, ((1, 1),)),))
    assert str(plan) == "batch 3: sparse, seed 17, 1 planted"
