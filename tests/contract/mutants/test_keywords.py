"""Copies of a request that break one keyword each."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.mutants.keywords import keyword_mutants
from harness.contract.schema.schemas import Schema

SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 2, "maxLength": 5},
        "n": {"$ref": "#/$defs/count"},
        "share": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        "tone": {"enum": ["high", "low"]},
        "list": {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 3},
        "unit": {"anyOf": [{"type": "string", "pattern": "^[a-z]+$"}, {"type": "null"}]},
        "day": {"type": "string", "format": "date"},
    },
    "required": ["text", "n"],
    "additionalProperties": False,
    "$defs": {"count": {"type": "integer", "minimum": 1, "maximum": 10, "multipleOf": 2}},
}
VALUE = {
    **{"text": "good", "n": 4, "share": 0.5, "tone": "low"},
    **{"list": [1.5, 2.5], "unit": "kg", "day": "2024-02-29"},
}


def mutants(schema: Any = SCHEMA, value: Any = VALUE) -> list[tuple[str, Any, bool]]:
    return list(keyword_mutants(Schema(schema), value))


@pytest.mark.parametrize(
    ("name", "member", "wrong"),
    [
        ("minLength 2 broken at $.text", "text", "g"),
        ("maxLength 5 broken at $.text", "text", "goodgo"),
        ("minimum 1 broken at $.n", "n", 0),
        ("maximum 10 broken at $.n", "n", 11),
        ("multipleOf 2 broken at $.n", "n", 5),
        ("minimum 0 broken at $.share", "share", -0.001),
        ("exclusiveMaximum 1 broken at $.share", "share", 1),
        ("none of the values of the enum at $.tone", "tone", "no such value"),
        ("minItems 1 broken at $.list", "list", []),
        ("maxItems 3 broken at $.list", "list", [1.5, 2.5, 1.5, 2.5]),
        ('format "date" broken at $.day', "day", "no date"),
    ],
)
def test_a_keyword_is_broken_by_as_little_as_may_be(name: str, member: str, wrong: Any) -> None:
    assert (name, {**VALUE, member: wrong}, False) in mutants()


def test_a_branch_of_a_choice_is_broken_and_the_pattern_in_it() -> None:
    wrong = [value["unit"] for name, value, _ in mutants() if name.startswith("pattern ")]
    assert wrong == ["", "\n", "kg \u00a7"]


def test_members_are_left_out_and_added() -> None:
    found = [value for name, value, _ in mutants() if name.endswith("broken at $")]
    assert {key: item for key, item in VALUE.items() if key != "text"} in found
    assert {**VALUE, "unexpected": 1} in found


def test_only_what_lenient_readers_forgive_is_marked_so() -> None:
    forgiven = {name for name, _, forgiven in mutants() if forgiven}
    assert forgiven == {
        f"{what} at $.{place}"
        for what in ("true instead of a number", "a number as text")
        for place in ("n", "share", "list[0]", "list[1]")
    }


def test_a_list_that_becomes_a_set_is_forgiven() -> None:
    found = mutants({"type": "array", "uniqueItems": True}, ["a", "b"])
    assert found == [("uniqueItems broken at $", ["a", "b", "a"], True)]


def test_all_of_them_break_the_schema() -> None:
    schema = Schema(SCHEMA)
    kept = [name for name, value, _ in mutants() if schema.accepts(value)]
    assert kept == []


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    node = {"$ref": "#/$defs/node", "$defs": {"node": {"anyOf": [{"$ref": "#/$defs/node"}]}}}
    assert mutants(node, {"a": [1]}) != []
    tree = {"$defs": {"t": {"type": "array", "items": {"$ref": "#/$defs/t"}, "maxItems": 1}}}
    found = mutants({**tree, "$ref": "#/$defs/t"}, [[[]]])
    assert [name for name, *_ in found] == ["maxItems 1 broken at $", "maxItems 1 broken at $[0]"]


@pytest.mark.parametrize("schema", [True, {}, {"type": "string", "maxLength": 10**9}])
def test_what_is_not_bounded_or_too_far_away_is_not_broken(schema: Any) -> None:
    assert mutants(schema, "text") == []
