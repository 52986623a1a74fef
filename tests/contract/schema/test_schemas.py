"""Schemas: refused with a pointer where they are none, and violations that a person understands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.contract.schema.schemas import Schema
from harness.errors import ConfigError

DRAFT7 = "http://json-schema.org/draft-07/schema#"
ANSWER = {
    "type": "object",
    "properties": {"positive": {"type": "boolean"}, "score": {"$ref": "#/$defs/score"}},
    "required": ["positive"],
    "$defs": {"score": {"type": "number", "minimum": 0, "maximum": 1}},
}


@pytest.mark.parametrize(
    ("value", "path", "message", "pointer"),
    [
        (
            {"positive": "false"},
            "$.positive",
            "'false' is not of type 'boolean'",
            "#/properties/positive/type",
        ),
        ({}, "$.positive", "'positive' is a required property", "#/required"),
        (
            {"positive": True, "score": 2},
            "$.score",
            "2 is greater than the maximum of 1",
            "#/properties/score/maximum",
        ),
        ([], "$", "[] is not of type 'object'", "#/type"),
    ],
)
def test_a_violation_says_where_and_what(value: Any, path: str, message: str, pointer: str) -> None:
    found = Schema(ANSWER).violations(value)[0]
    assert (found.path, found.message, found.pointer) == (path, message, pointer)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_satisfies_no_number(number: float) -> None:
    found = Schema({"type": "array", "items": {"type": "number"}}).violations([number])[0]
    assert found.path == "$[0]"
    assert found.message.endswith("is no number")


def test_half_a_surrogate_pair_is_no_string() -> None:
    schema = Schema({"type": "string"})
    assert not schema.accepts("\ud800")
    assert schema.violations("\ud800")[0].message == "a string that is no Unicode text"


def test_what_obeys_has_no_violation() -> None:
    assert Schema(ANSWER).violations({"positive": True, "score": 0.5}) == []


def test_format_is_asserted() -> None:
    assert not Schema({"format": "date"}).accepts("yesterday")


def test_draft_7_is_read_as_draft_7() -> None:
    schema = Schema({"$schema": DRAFT7, "items": [{"type": "string"}], "additionalItems": False})
    assert schema.accepts(["a"]) and not schema.accepts(["a", "b"])


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"type": "integr"}, "#/type: 'integr' is not valid"),
        ({"properties": {"a/b": {"minimum": "x"}}}, "#/properties/a~1b/minimum: 'x'"),
        ({"pattern": "["}, "#/pattern"),
        ({"$ref": "#/$defs/none"}, "'/$defs/none' does not exist"),
        (
            {"$ref": "http://192.0.2.1/schema"},
            "$ref may point into the same file or to files below",
        ),
        ({"$ref": "other.json"}, "$ref may point into the same file or to files below"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "expected 'https://json-schema"),
        ([], "a JSON Schema is an object or a boolean, not []"),
        (json.loads('{"not":' * 300 + "{}" + "}" * 300), "nested deeper than 200 levels"),
    ],
)
def test_a_schema_that_is_none_is_refused_with_a_pointer(document: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Schema(document, "answer.json")
    assert str(caught.value).startswith("answer.json: ")
    assert expected in str(caught.value)


@pytest.mark.parametrize("text", ["{", '{"type": "string", "type": "number"}', ""])
def test_a_file_that_is_no_strict_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="expected a JSON Schema"):
        Schema.read(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        Schema.read(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"properties": {"when": {"format": "dat-time"}}},
            "a.json: not a JSON Schema at #/properties/when/format: unknown format 'dat-time'; "
            "did you mean 'date-time'?; nobody would assert it",
        ),
        ({"format": "no-such"}, "a.json: not a JSON Schema at #/format: unknown format 'no-such'"),
    ],
)
def test_a_format_that_nobody_knows_is_refused(document: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Schema(document, "a.json")
    assert str(caught.value).startswith(expected)


def test_in_a_foreign_schema_it_is_passed_over() -> None:
    assert Schema({"format": "no-such"}, foreign=True).accepts("x")


@pytest.mark.parametrize("name", ["int32", "int64", "float", "double", "byte", "binary"])
def test_what_openapi_writes_beside_a_type_forbids_nothing(name: str) -> None:
    schema = Schema({"format": name})
    assert schema.accepts("x") and schema.accepts(1)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("uuid", "123e4567-e89b-42d3-a456-426614174000", "123e4567"),
        ("duration", "P1Y2M3DT4H5M6S", "P1Y2D"),
        ("duration", "PT36H", "P"),
        ("duration", "P2W", "PT"),
    ],
)
def test_draft_7_has_the_formats_that_people_use_with_it(name: str, good: str, bad: str) -> None:
    schema = Schema({"$schema": DRAFT7, "format": name})
    assert schema.accepts(good) and not schema.accepts(bad)
