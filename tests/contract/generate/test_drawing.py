"""One value for several subschemas at once."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.generate.conjunction import Impossible, Node, Opener
from harness.contract.generate.drawing import Drawing
from harness.contract.requests.chance import Chance
from harness.contract.schema.explain import registered, specification
from harness.contract.schema.references import Library

KIND = "Draft202012Validator"


def drawn(*documents: Any, seed: int = 1) -> Any:
    chance = Chance.seeded(seed)
    nodes = [Node(d, registered(d, KIND, Library(d))[1]) for d in documents]
    return Drawing(chance, Opener(chance, False, specification(KIND)), False).value(nodes)


def test_all_subschemas_hold_at_once() -> None:
    value = drawn({"type": "integer", "minimum": 4}, {"maximum": 6}, {"multipleOf": 5})
    assert value == 5


def test_a_constant_is_in_every_enumeration() -> None:
    assert drawn({"enum": [1, 2, True]}, {"enum": [2, 3]}, {"const": 2}) == 2


def test_true_is_no_one() -> None:
    with pytest.raises(Impossible):
        drawn({"const": True}, {"enum": [1]})


def test_a_required_member_that_is_forbidden_is_impossible() -> None:
    with pytest.raises(Impossible):
        drawn({"type": "object", "required": ["a"], "properties": {"a": False}})


def test_members_come_in_the_order_of_their_declaration() -> None:
    document = {"type": "object", "properties": {"b": {"const": 1}, "a": {"const": 2}}}
    assert list(drawn(document | {"required": ["a", "b"]})) == ["b", "a"]
