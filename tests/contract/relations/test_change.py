"""Changes of rows: texts are words, categories are not, and each tensor has its own change."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.relations.change import changed, is_text, lengthened, remade
from harness.contract.relations.regions import regions, texts_in


def test_a_row_of_several_tensors_is_changed_by_the_tensor_of_each() -> None:
    inputs = (Tensor(name="a", shape=["n"]), Tensor(name="b", shape=["n"]))
    row = {"a": [1.0], "b": [2.0]}
    seen = changed(row, inputs, lambda item, tensor: tensor.name if tensor else item)
    assert seen == {"a": ["a"], "b": ["b"]}


def test_what_a_change_leaves_as_it_is_is_none() -> None:
    assert changed([1, "x"], (), lambda item, tensor: item) is None


@pytest.mark.parametrize(("item", "expected"), [("two words", True), ("cat", False), (1, False)])
def test_a_text_has_more_than_one_word(item: Any, expected: bool) -> None:
    assert is_text(item) is expected


def test_a_text_is_said_again_until_it_is_long() -> None:
    assert lengthened("ab cd", 17) == "ab cd ab cd ab cd"
    assert lengthened("category", 17) == "category"


def test_a_long_text_goes_on_with_others_of_the_same_answer() -> None:
    first = next(regions())
    value = first.change(["one two", "three four"])("one two", None)
    assert value.startswith("one two three four one two") and len(value) <= 300


def test_regions_that_differ_only_in_size_are_of_one_kind() -> None:
    kinds = [region.kind for region in regions()]
    assert kinds.count("texts of N characters") == 5


def test_rows_go_to_the_ends_of_their_declared_range_and_no_others() -> None:
    ends = next(region for region in regions() if "ends" in region.name).change([])
    tensor = Tensor(name="x", shape=["n"], range=[-1, 2])
    assert {ends(0.5, tensor) for _ in range(50)} == {-1.0, 2.0}
    assert ends(0.5, Tensor(name="x", shape=["n"])) == 0.5


def test_texts_are_found_wherever_they_stand() -> None:
    assert texts_in({"a": ["one two", "cat"], "b": {"c": "three four"}}) == [
        "one two",
        "three four",
    ]


def test_a_number_may_become_an_equal_one() -> None:
    made = remade({"x": [3, 4.5]}, [], lambda item, tensor: float(item))
    assert repr(made) == "{'x': [3.0, 4.5]}"
    assert changed({"x": [3, 4.5]}, [], lambda item, tensor: float(item)) is None
