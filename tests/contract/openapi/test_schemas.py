"""Schemas of OpenAPI as JSON Schema 2020-12."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.openapi import Document
from harness.contract.openapi.document import Place
from harness.contract.openapi.schemas import Converter, Side
from harness.contract.schema.schemas import Schema
from harness.errors import ConfigError


def convert(schema: Any, version: str = "3.0.3", side: Side = "request", **named: Any) -> Any:
    """The schema of a document, without its $schema."""
    key = "swagger" if version == "2.0" else "openapi"
    value = {key: version, "here": schema, "components": {"schemas": named}}
    found = Converter(Document(value, "a.json"), side).convert(Place(schema, "/here"))
    assert found.pop("$schema") == "https://json-schema.org/draft/2020-12/schema"
    return found


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"allOf": [{"type": "string"}], "nullable": True},
            {"anyOf": [{"allOf": [{"type": "string"}]}, {"type": "null"}]},
        ),
        (
            {"type": "number", "minimum": 0, "exclusiveMinimum": True},
            {"type": "number", "exclusiveMinimum": 0},
        ),
        (
            {"type": "number", "maximum": 9, "exclusiveMaximum": False},
            {"type": "number", "maximum": 9},
        ),
        ({"type": "number", "exclusiveMinimum": 0}, {"type": "number", "exclusiveMinimum": 0}),
        ({"type": "string", "example": "a"}, {"type": "string", "examples": ["a"]}),
        ({"type": "string", "xml": {}, "x-order": 1, "deprecated": True}, {"type": "string"}),
    ],
)
def test_what_openapi_3_0_writes_in_its_own_way(said: Any, expected: Any) -> None:
    assert convert(said) == expected


def test_openapi_3_1_is_left_as_it_is() -> None:
    said = {"type": ["number", "null"], "exclusiveMinimum": 0, "const": 3}
    assert convert(said, "3.1.0") == said


def test_swagger_writes_x_nullable() -> None:
    assert convert({"type": "string", "x-nullable": True}, "2.0") == {"type": ["string", "null"]}


def test_references_are_replaced_by_what_they_point_to() -> None:
    said = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
    row = {"type": "array", "items": {"type": "number"}}
    assert convert(said, Row=row) == {"type": "array", "items": row}


def test_what_stands_beside_a_reference_holds_too_in_3_1() -> None:
    said = {"$ref": "#/components/schemas/Row", "minItems": 2}
    found = convert(said, "3.1.0", Row={"type": "array"})
    assert found == {"minItems": 2, "allOf": [{"type": "array"}]}


def test_a_schema_that_holds_itself_stays_finite_and_means_the_same() -> None:
    tree = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/Tree"}},
        "additionalProperties": False,
    }
    found = Schema(convert({"$ref": "#/components/schemas/Tree"}, Tree=tree))
    assert found.accepts({"next": {"next": {}}})
    assert not found.accepts({"next": {"next": {"other": 1}}})


@pytest.mark.parametrize(("side", "names"), [("request", ["text"]), ("response", ["text", "id"])])
def test_a_member_that_only_the_server_sends_is_no_part_of_a_request(
    side: Side, names: list[str]
) -> None:
    said = {
        "type": "object",
        "properties": {"text": {"type": "string"}, "id": {"type": "string", "readOnly": True}},
        "required": ["text", "id"],
    }
    found = convert(said, side=side)
    assert (list(found["properties"]), found["required"]) == (names, names)


def test_a_type_that_is_none_is_told_with_its_pointer_in_the_document() -> None:
    tensor = {"properties": {"data": {"type": "bytes"}}}
    with pytest.raises(ConfigError) as caught:
        convert({"$ref": "#/components/schemas/T"}, T=tensor)
    assert str(caught.value).startswith(
        'a.json#/components/schemas/T/properties/data/type: "bytes" is no type of JSON Schema ('
    )
    assert "name a corrected copy in contract.document" in str(caught.value)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (3, "a.json#/here: 3: expected a schema"),
        ({"anyOf": {}}, "a.json#/here/anyOf: {}: expected a list"),
        ({"properties": []}, "a.json#/here/properties: []: expected an object"),
    ],
)
def test_a_malformed_schema_is_told_with_its_pointer(said: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        convert(said)
    assert str(caught.value).startswith(expected)


def test_a_schema_that_grows_without_end_is_refused() -> None:
    named: dict[str, Any] = {
        f"S{n}": {"anyOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 4} for n in range(20)
    }
    with pytest.raises(ConfigError, match="too large, or nested too deep"):
        convert({"$ref": "#/components/schemas/S0"}, S20={"type": "string"}, **named)
