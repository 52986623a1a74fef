"""A schema from values: types, members, lengths; ranges of probabilities only."""

from __future__ import annotations

from typing import Any

import pytest

from harness.init.infer import infer, is_distribution, schema


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, False], {"type": "boolean"}),
        ([1, 2], {"type": "integer"}),
        ([1, 2.5], {"type": "number"}),
        (["a", None], {"type": ["null", "string"]}),
        (["red", "green"], {"type": "string"}),
        ([[1.0], [2.0, 3.0]], {"type": "array", "items": {"type": "number"}}),
        ([[]], {"type": "array"}),
    ],
)
def test_values_give_their_types_and_no_enums_or_ranges(values: list[Any], expected: Any) -> None:
    assert infer(values) == expected


def test_members_that_every_object_has_are_required() -> None:
    assert infer([{"a": 1, "b": "x"}, {"a": 2}]) == {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        "required": ["a"],
    }


def test_numbers_that_are_probabilities_have_their_range() -> None:
    found = infer([{"probability": 0.5, "score": 0.5}])
    assert found["properties"] == {
        "probability": {"type": "number", "minimum": 0, "maximum": 1},
        "score": {"type": "number"},
    }
    assert infer([[0.25, 0.75], [0.5, 0.5]])["items"] == {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
    }


def test_a_length_is_a_rule_only_when_three_lists_have_it() -> None:
    assert "minItems" not in infer([["a"], ["b"]])
    found = infer([["a"], ["b"], ["c"]])
    assert (found["minItems"], found["maxItems"]) == (1, 1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [([0.1, 0.9], True), ([0.33, 0.33, 0.33], False), ([1.5, -0.5], False), ([1], False)],
)
def test_a_distribution_sums_to_one(value: Any, expected: bool) -> None:
    assert is_distribution(value) is expected


def test_a_document_names_its_dialect() -> None:
    assert schema([1], "t")["$schema"] == "https://json-schema.org/draft/2020-12/schema"
