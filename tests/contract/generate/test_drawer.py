"""Instances: always valid, the same in every run, and there for every schema that has one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.contract.generate import Drawer, Impossible
from harness.contract.requests.chance import Chance
from harness.contract.schema.references import Library
from harness.contract.schema.schemas import Schema
from harness.errors import ConfigError

DRAFT7 = "http://json-schema.org/draft-07/schema#"
REMOTE = "http://localhost:1234/"


@pytest.mark.parametrize(
    "document",
    [
        {"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 1},
        {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
        {"$ref": "#/$defs/x", "$defs": {"x": {"enum": [1, 2]}}},
        {"anyOf": [{"type": "number", "minimum": 3, "maximum": 4}, {"const": "x"}]},
        {"allOf": [{"required": ["a"]}, {"properties": {"a": {"type": "boolean"}}}]},
        {"prefixItems": [{"type": "null"}, {"multipleOf": 3, "type": "integer"}], "items": False},
        {"type": "string", "pattern": "^[a-f]{40}$"},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3},
        {"contains": {"const": 7}, "minContains": 2, "maxContains": 2, "type": "array"},
        {"type": "object", "patternProperties": {"^x-": {"type": "null"}}, "minProperties": 2}
        | {"additionalProperties": False},
        {"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "minProperties": 1},
        {"required": ["a"], "dependentRequired": {"a": ["b"]}, "additionalProperties": True},
        {"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"required": ["b"]}}
        | {"else": {"required": ["c"]}, "type": "object"},
        {"allOf": [{"properties": {"a": True}, "required": ["a"]}], "unevaluatedProperties": False},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-9},
        {"type": "number", "multipleOf": 0.01, "minimum": 0.005, "maximum": 0.015},
        {"not": {"type": ["object", "array", "string", "null", "boolean"]}, "minimum": 5},
        {"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}], "type": "integer", "minimum": 1},
    ],
)
def test_a_drawn_value_obeys_its_schema(document: Any) -> None:
    schema = Schema(document)
    drawn = list(Drawer(schema).instances(5))
    assert drawn and all(schema.accepts(value) for value in drawn)


@pytest.mark.parametrize("name", ["date-time", "email", "ipv6", "uuid", "uri", "duration", "regex"])
def test_a_drawn_text_has_its_format(name: str) -> None:
    schema = Schema({"type": "string", "format": name})
    assert [schema.accepts(value) for value in Drawer(schema).instances(2)] == [True, True]


def test_the_same_seed_draws_the_same_values() -> None:
    schema = Schema({"type": "array", "items": {"type": "number"}})
    again = list(Drawer(schema).instances(5, 7))
    assert list(Drawer(schema).instances(5, 7)) == again


def test_what_is_drawn_is_the_same_on_every_machine() -> None:
    schema = Schema({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
    assert [value["n"] for value in Drawer(schema).instances(4, 1)] == [7, -5, -1, 6]


def test_the_boundaries_are_the_least_and_the_most() -> None:
    document = {"type": "array", "items": {"type": "integer", "minimum": 2, "maximum": 9}}
    drawer = Drawer(Schema(document | {"minItems": 1, "maxItems": 3}))
    assert list(drawer.boundaries()) == [[2], [9, 9, 9]]


def test_what_has_no_instance_gives_nothing() -> None:
    assert list(Drawer(Schema(False)).instances(3)) == []
    with pytest.raises(Impossible):
        Drawer(Schema({"type": "string", "minLength": 2, "maxLength": 1})).draw(Chance.seeded(1))


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema = Schema({"type": "array", "items": {"$ref": "#"}})
    assert list(Drawer(schema).instances(3))


class _Suite(Library):
    """The official suite's own remote schemas, read from its folder."""

    def retrieve(self, uri: str) -> Any:
        path = Path(os.environ["RELEASEGATE_CONFORMANCE_DATA"], "json-schema-test-suite/remotes")
        file = path / uri.partition("#")[0].removeprefix(REMOTE)
        return json.loads(file.read_bytes()) if uri.startswith(REMOTE) else super().retrieve(uri)


def _satisfiable(draft: str) -> Iterator[tuple[str, Schema]]:
    """Schemas of the suite for which it knows a valid instance; custom metaschemas apart."""
    folder = os.environ.get("RELEASEGATE_CONFORMANCE_DATA")
    if not folder:
        pytest.skip("RELEASEGATE_CONFORMANCE_DATA is not set: no JSON Schema suite")
    tests = Path(folder, "json-schema-test-suite/tests", draft)
    for path in sorted(tests.rglob("*.json")):
        for group in json.loads(path.read_bytes()):
            document = group["schema"]
            if draft == "draft7" and isinstance(document, dict):
                document = {"$schema": DRAFT7, **document}
            try:
                schema = Schema(document, library=_Suite(document), foreign=True)
            except ConfigError as problem:
                assert "$schema = 'http://localhost" in str(problem)
                continue
            if any(schema.accepts(test["data"]) for test in group["tests"] if test["valid"]):
                yield f"{path.name}: {group['description']}", schema


@pytest.mark.parametrize(("draft", "least"), [("draft2020-12", 426), ("draft7", 302)])
def test_every_satisfiable_schema_of_the_official_suite_gets_valid_instances(
    draft: str, least: int
) -> None:
    without = []
    count = 0
    for name, schema in _satisfiable(draft):
        count += 1
        drawn = list(Drawer(schema).instances(3))
        assert all(schema.accepts(value) for value in drawn), name
        without += [name] if not drawn else []
    assert without == []
    assert count >= least


@pytest.mark.parametrize(
    "document",
    [
        {"type": "array", "minItems": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "object", "minProperties": 10**9},
        {"type": "array", "minItems": 10**5, "items": {"type": "array", "minItems": 10**5}},
    ],
)
def test_what_would_exhaust_the_memory_is_not_drawn(document: Any) -> None:
    drawer = Drawer(Schema(document))
    assert list(drawer.boundaries()) == []
    with pytest.raises(Impossible):
        drawer.draw(Chance.seeded(1))
