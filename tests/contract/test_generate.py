"""Generated values obey what they were generated from, and are the same in every run."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.generate import Drawer, edges, tensor
from harness.contract.schemas import Schema
from harness.contract.tensors import Carried, judge
from harness.errors import ConfigError


@pytest.mark.parametrize(
    "document",
    [
        {"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 1},
        {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
        {"$ref": "#/$defs/x", "$defs": {"x": {"enum": [1, 2]}}},
        {"anyOf": [{"type": "number", "minimum": 3, "maximum": 4}, {"const": "x"}]},
        {"allOf": [{"required": ["a"]}, {"properties": {"a": {"type": "boolean"}}}]},
        {"type": "string", "format": "date"},
        {"prefixItems": [{"type": "null"}, {"multipleOf": 3, "type": "integer"}], "items": False},
        {"properties": {"rows": {"items": {"minimum": 0, "maximum": 1}}}, "required": ["rows"]},
    ],
)
def test_a_drawn_value_obeys_its_schema(document: Any) -> None:
    schema = Schema(document)
    drawn = list(Drawer(schema).instances(5))
    assert drawn and all(schema.accepts(value) for value in drawn)


def test_the_same_seed_draws_the_same_values() -> None:
    schema = Schema({"type": "array", "items": {"type": "number"}})
    assert list(Drawer(schema, 7).instances(5)) == list(Drawer(schema, 7).instances(5))


@pytest.mark.parametrize("document", [False, {"pattern": "^[a-f]{40}$", "type": "string"}])
def test_what_cannot_be_drawn_gives_nothing(document: Any) -> None:
    assert list(Drawer(Schema(document)).instances(3)) == []


def test_no_schema_of_the_official_suite_draws_an_invalid_value() -> None:
    folder = os.environ.get("RELEASEGATE_CONFORMANCE_DATA")
    if not folder:
        pytest.skip("RELEASEGATE_CONFORMANCE_DATA is not set: no JSON Schema suite")
    drawn = 0
    tests = Path(folder, "json-schema-test-suite/tests/draft2020-12")
    for path in sorted(tests.glob("*.json")):
        for group in json.loads(path.read_bytes()):
            try:
                schema = Schema(group["schema"])
            except ConfigError:
                continue  # it wants something fetched
            for value in Drawer(schema).instances(1):
                drawn += 1
                assert schema.accepts(value), group["description"]
    assert drawn > 150


@pytest.mark.parametrize("datatype", ["FP32", "INT64", "UINT8", "BOOL", "BYTES"])
@pytest.mark.parametrize("bounds", [None, [1, 16]])
def test_a_drawn_tensor_keeps_its_rules(datatype: str, bounds: list[float] | None) -> None:
    declared = Tensor.model_validate(
        {"name": "x", "datatype": datatype, "shape": ["batch", 3], "range": bounds}
    )
    values = [tensor(declared, [5, 3], random.Random(1)), *edges(declared, [5, 3])]
    for value in values:
        assert judge([declared], [Carried("x", value, "$")], {}) == []
