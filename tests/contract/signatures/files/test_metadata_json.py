"""metadata.json: names and types, or schemas, as tensors and as JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.contract.signatures import Signature, of_file
from harness.errors import ConfigError


def _read(folder: Path, document: Any) -> Signature:
    path = folder / "metadata.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return of_file(path)


def test_names_and_types_are_members_that_are_required(tmp_path: Path) -> None:
    found = _read(
        tmp_path,
        {"input_schema": {"feature_1": "float", "n": "int"}, "output_schema": {"p": "float"}},
    )
    assert found.request == {
        "type": "object",
        "properties": {"feature_1": {"type": "number"}, "n": {"type": "integer"}},
        "required": ["feature_1", "n"],
    }
    assert found.response["properties"] == {"p": {"type": "number"}}


def test_plain_columns_are_tensors_of_one_value_a_row(tmp_path: Path) -> None:
    found = _read(tmp_path, {"input_schema": {"a": "float32", "b": "str", "type": "bool"}})
    assert [(t.name, t.datatype, t.shape) for t in found.inputs] == [
        ("a", "FP32", ["batch"]),
        ("b", "BYTES", ["batch"]),
        ("type", "BOOL", ["batch"]),
    ]


def test_lists_are_arrays_and_no_columns(tmp_path: Path) -> None:
    found = _read(tmp_path, {"input_schema": {"x": ["float"], "y": "list[list[int]]"}})
    assert found.inputs == ()
    assert found.request["properties"] == {
        "x": {"type": "array", "items": {"type": "number"}},
        "y": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    }


def test_a_json_schema_stays_what_it_is(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}
    assert _read(tmp_path, {"input_schema": schema}).request == schema


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"inputs": {}}, 'no "input_schema"'),
        ([], 'no "input_schema"'),
        ({"input_schema": {"x": "flaot"}}, 'input_schema.x = "flaot": unknown type; did you mean'),
        ({"input_schema": {"x": 3}}, "input_schema.x = 3: unknown type"),
        ({"input_schema": {"x": "float"}, "output_schema": []}, "output_schema = \\[\\]: expected"),
    ],
)
def test_what_is_no_description_is_refused(tmp_path: Path, document: Any, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        _read(tmp_path, document)
