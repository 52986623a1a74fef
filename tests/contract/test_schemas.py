"""Schemas: refused with a pointer where they are none, and violations that a person understands."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.contract.schemas import Schema
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
def test_a_violation_says_where_and_what(
    value: Any, path: str, message: str, pointer: str
) -> None:
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
        ({"$ref": "http://192.0.2.1/schema"}, "$ref may point into the same file only"),
        ({"$ref": "other.json"}, "$ref may point into the same file only"),
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


@pytest.mark.parametrize("draft", ["draft2020-12", "draft7"])
def test_the_engine_judges_the_official_suite_as_it_says(draft: str) -> None:
    """But for schemas that want something fetched, which are refused, and formats, which the
    required part of the suite leaves unasserted."""
    folder = os.environ.get("RELEASEGATE_CONFORMANCE_DATA")
    if not folder:
        pytest.skip("RELEASEGATE_CONFORMANCE_DATA is not set: no JSON Schema suite")
    wrong = []
    judged = 0
    for path in sorted(Path(folder, "json-schema-test-suite/tests", draft).glob("*.json")):
        for group in json.loads(path.read_bytes()) if path.name != "format.json" else ():
            if "http://localhost:1234/" in json.dumps(group["schema"]) and not _local(draft, group):
                continue
            schema = _suite_schema(draft, group["schema"])
            for case in group["tests"]:
                judged += 1
                if schema.accepts(case["data"]) != case["valid"]:
                    wrong.append(f"{path.name}: {group['description']}: {case['description']}")
    assert judged > {"draft2020-12": 1100, "draft7": 800}[draft]
    assert wrong == []


def _local(draft: str, group: dict[str, Any]) -> bool:
    try:
        _suite_schema(draft, group["schema"])
    except ConfigError:
        return False
    return True


def _suite_schema(draft: str, document: Any) -> Schema:
    if draft == "draft7" and isinstance(document, dict):
        document = {"$schema": DRAFT7, **document}
    return Schema(document)
