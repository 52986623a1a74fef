"""Rows at the corners."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.requests.corners import corners, covering


def tensor(**said: Any) -> Tensor:
    return Tensor.model_validate({"name": "x", "shape": ["batch"], **said})


@pytest.mark.parametrize(
    ("columns", "rows"), [(2, 4), (3, 4), (4, 5), (10, 6), (11, 7), (35, 8), (126, 10), (462, 12)]
)
def test_every_two_columns_take_all_four_pairs_in_the_fewest_rows(columns: int, rows: int) -> None:
    array = covering(columns)
    assert len(array) == rows
    for first, second in itertools.combinations(range(columns), 2):
        assert len({(row[first], row[second]) for row in array}) == 4


@pytest.mark.parametrize("columns", [0, 1, 463])
def test_what_has_no_pairs_or_too_many_is_not_covered(columns: int) -> None:
    assert covering(columns) == []


def test_every_two_inputs_meet_at_their_ends() -> None:
    age = tensor(name="age", datatype="FP64", range=[0, 150])
    area = tensor(name="area", datatype="INT64", range=[10, 500])
    made = [(row["age"][0], row["area"][0]) for row in corners([age, area], {"batch": 1})]
    assert set(made) == set(itertools.product((0.0, 150.0), (10, 500)))
    assert {type(cell) for _, cell in made} == {int}


def test_each_cell_of_a_short_row_is_an_input_of_its_own() -> None:
    (low, high) = (0.0, 16.0)
    made = [row["x"][0] for row in corners([tensor(shape=["batch", 4], range=[0, 16])], {})]
    for first, second in itertools.combinations(range(4), 2):
        pairs = {(row[first], row[second]) for row in made}
        assert pairs == set(itertools.product((low, high), (low, high)))


def test_a_long_row_is_one_input_beside_others() -> None:
    image = tensor(shape=["batch", 8, 8], range=[0, 1])
    scale = tensor(name="scale", range=[1, 2])
    made = corners([image, scale], {"batch": 1})
    flat = [({cell for line in row["x"][0] for cell in line}, row["scale"][0]) for row in made]
    assert {(*cells, scale) for cells, scale in flat} == {(0, 1), (0, 2), (1, 1), (1, 2)}


def test_one_image_alone_has_no_corners() -> None:
    assert corners([tensor(shape=["batch", 8, 8])], {"batch": 1}) == []


def test_labels_and_booleans_take_part() -> None:
    tone = tensor(name="tone", datatype="BYTES", labels=["a", "b", "c", "d"])
    flag = tensor(name="flag", datatype="BOOL")
    made = corners([tone, flag], {"batch": 1})
    assert {row["tone"][0] for row in made} == {"a", "b", "c", "d"}
    assert {row["flag"][0] for row in made} == {False, True}
