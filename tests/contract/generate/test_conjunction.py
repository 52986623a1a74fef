"""Opening a schema: every choice that it leaves is made, and what is impossible is said."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.generate.conjunction import Conjunction, Impossible, Node, Opener
from harness.contract.requests.chance import Chance
from harness.contract.schema.explain import registered, specification
from harness.contract.schema.references import Library

LATEST = "Draft202012Validator"


def opened(document: Any, kind: str = LATEST) -> Conjunction:
    _, resolver = registered(document, kind, Library(document))
    opener = Opener(Chance.seeded(1), kind == "Draft7Validator", specification(kind))
    return opener.open([Node(document, resolver)])


def test_references_and_allof_are_followed() -> None:
    document = {"$ref": "#/$defs/a", "allOf": [{"minimum": 2}], "$defs": {"a": {"minimum": 1}}}
    assert sorted(opened(document).all("minimum")) == [1, 2]


def test_in_draft_7_the_neighbours_of_a_reference_do_not_count() -> None:
    document = {"$ref": "#/definitions/a", "minimum": 2, "definitions": {"a": {"minimum": 1}}}
    assert opened(document, "Draft7Validator").all("minimum") == [1]


def test_types_are_met_together() -> None:
    document = {"type": ["integer", "string"], "allOf": [{"type": ["number", "null"]}]}
    assert opened(document).kinds == {"integer"}


def test_a_simple_not_narrows_the_kinds() -> None:
    assert "string" not in opened({"not": {"type": "string"}}).kinds


@pytest.mark.parametrize(
    "document",
    [
        False,
        {"allOf": [False]},
        {"not": {}},
        {"anyOf": [False]},
        {"type": "string", "allOf": [{"type": "null"}]},
        {"$ref": "#"},
    ],
)
def test_what_cannot_be_is_impossible(document: Any) -> None:
    with pytest.raises(Impossible):
        opened(document)
