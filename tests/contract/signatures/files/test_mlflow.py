"""MLmodel files: tensors and columns; what is wrong with one is told with its path."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contract.signatures import Signature, of_file
from harness.errors import ConfigError

TENSORS = """
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
"""
COLUMNS = """
artifact_path: model
signature:
  inputs: '[{"type": "double", "name": "sepal length", "required": true},
    {"type": "string", "name": "kind", "required": false}]'
  outputs: '[{"type": "long"}]'
"""


def _read(folder: Path, text: str) -> Signature:
    (folder / "MLmodel").write_text(text, encoding="utf-8")
    return of_file(folder)


def test_tensors_without_a_name_are_called_by_their_side(tmp_path: Path) -> None:
    found = _read(tmp_path, TENSORS)
    assert [(t.name, t.datatype, t.shape) for t in found.inputs] == [
        ("inputs", "FP64", ["batch", 4])
    ]
    assert [(t.name, t.datatype, t.shape) for t in found.outputs] == [
        ("outputs", "INT64", ["batch"])
    ]


def test_each_column_is_a_tensor_of_one_value_a_row(tmp_path: Path) -> None:
    found = _read(tmp_path, COLUMNS)
    assert [(t.name, t.datatype, t.shape) for t in found.inputs] == [
        ("sepal length", "FP64", ["batch"]),
        ("kind", "BYTES", ["batch"]),
    ]


def test_the_file_itself_may_be_named_too(tmp_path: Path) -> None:
    _read(tmp_path, TENSORS)
    assert of_file(tmp_path / "MLmodel").inputs[0].name == "inputs"


def test_a_date_is_nothing_that_could_be_made_up(tmp_path: Path) -> None:
    found = _read(tmp_path, COLUMNS.replace('"double"', '"datetime"'))
    assert found.inputs == () and "'datetime'" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flavors: {}", r"MLmodel: has no signature of inputs; log the model with"),
        ("signature: {inputs: '[1'}", r"MLmodel: signature.inputs: not JSON"),
        ("signature: {inputs: '{}'}", r"signature.inputs = \{\}: expected a list"),
        ("signature: [", r"MLmodel: not a YAML file"),
        ("!!python/object/apply:os.system ['true']", r"MLmodel: not a YAML file"),
        ("""signature: {inputs: '[{"type": "tensor"}]'}""", "no proper tensor-spec: null"),
    ],
)
def test_a_file_without_a_sound_signature_is_refused(
    tmp_path: Path, text: str, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        _read(tmp_path, text)
