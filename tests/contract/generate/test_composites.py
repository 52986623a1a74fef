"""Which subschemas an item or a member has to meet."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.generate.composites import (
    items_at,
    members_at,
    most_items,
    required,
    with_dependents,
)
from harness.contract.generate.conjunction import Conjunction, Impossible, Node


def together(*schemas: dict[str, Any]) -> Conjunction:
    return Conjunction([Node(schema, None) for schema in schemas])


def test_each_part_has_its_own_idea_of_an_item() -> None:
    found = together({"prefixItems": [{"minimum": 1}]}, {"items": {"maximum": 2}})
    assert [node.schema for node in items_at(found, 0, False)] == [{"minimum": 1}, {"maximum": 2}]
    assert [node.schema for node in items_at(found, 1, False)] == [{"maximum": 2}]


def test_unevaluated_items_are_those_that_no_part_speaks_of() -> None:
    found = together({"prefixItems": [True], "unevaluatedItems": False})
    assert most_items(found, False) == 1


def test_draft_7_has_its_tuples_in_items() -> None:
    found = together({"items": [{"minimum": 1}], "additionalItems": False})
    assert (items_at(found, 0, True)[0].schema, most_items(found, True)) == ({"minimum": 1}, 1)


def test_additional_properties_look_at_their_own_neighbours_only() -> None:
    found = together({"properties": {"a": True}}, {"additionalProperties": {"type": "null"}})
    assert [node.schema for node in members_at(found, "a")] == [True, {"type": "null"}]


def test_names_drag_other_names_behind_them() -> None:
    found = together({"required": ["a"]}, {"dependentRequired": {"a": ["b"], "b": ["c"]}})
    assert required(found) == ["a", "b", "c"]


def test_a_name_that_drags_an_excluded_one_is_impossible() -> None:
    found = together({"dependentRequired": {"a": ["b"]}})
    found.absent.add("b")
    with pytest.raises(Impossible):
        with_dependents(found, ["a"])
