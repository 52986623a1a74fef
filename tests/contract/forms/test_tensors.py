"""Named tensors with shape and datatype, flat, nested or as bytes after a JSON header."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.forms import FORMS, Form
from harness.contract.judging.tensors import Broken
from harness.contract.protocol.presets import preset


def _form(*names: str, dialect: str | None = None, datatype: str = "FP32") -> Form:
    tensors = [
        Tensor.model_validate({"name": n, "shape": ["batch", 2], "datatype": datatype})
        for n in names
    ]
    return FORMS["tensors"](preset("open-inference-v2", dialect), tensors, tensors)


def _tensor(datatype: str, *data: Any) -> dict[str, Any]:
    return {"name": "x", "shape": [1, len(data)], "datatype": datatype, "data": list(data)}


INFER = {
    "inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}],
}


def test_rows_taken_apart_and_joined_are_the_same_request() -> None:
    form = _form("x")
    assert form.request({"x": [[1, 2], [3, 4]]}) == INFER
    assert form.malformed(INFER) == []
    rows = form.split(INFER)
    assert rows == [{"x": [1, 2]}, {"x": [3, 4]}]
    assert form.join(rows) == INFER


@pytest.mark.parametrize(("shape", "expected"), [([2], [{"x": 7}, {"x": 8}]), ([3], None)])
def test_each_row_of_an_answer_has_its_result(shape: list[int], expected: Any) -> None:
    tensor = {"name": "x", "shape": shape, "datatype": "INT64", "data": [7, 8]}
    assert _form("x").results({"outputs": [tensor]}) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"inputs": [1]}, "a tensor is no object"),
        (
            {"inputs": [{"name": "x", "shape": [1], "data": [1]}]},
            "a tensor has no proper 'datatype'",
        ),
    ],
)
def test_a_request_that_is_none_of_the_protocol_is_told_so(request_: Any, expected: str) -> None:
    assert _form("x").malformed(request_)[0].message == expected


def test_an_answer_without_its_tensors_is_broken() -> None:
    found = _form("x").carried({"outputs": {}})
    assert isinstance(found, Broken)
    assert found.path == "$.outputs"


def test_ids_that_a_server_invents_are_no_prediction() -> None:
    form = _form("x")
    assert form.prediction({"id": "a", "outputs": [1]}) == form.prediction({"outputs": [1]})


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (INFER, []),
        ({**INFER, "outputs": [{"name": "a"}, {"name": "b"}]}, ["a", "b"]),
        ({**INFER, "outputs": [1, {}]}, []),
        ({**INFER, "outputs": 7}, []),
        ([], []),
    ],
)
def test_the_outputs_that_a_request_asks_for_are_known(request_: Any, expected: list[str]) -> None:
    assert _form("x").requested_outputs(request_) == expected


def test_flat_data_is_also_nested_and_nested_data_flat() -> None:
    form = _form("x")
    (nested,) = form.encodings(INFER)
    written = json.loads(nested.body)
    assert written["inputs"][0]["data"] == [[1, 2], [3, 4]]
    (flat,) = form.encodings(written)
    assert json.loads(flat.body) == INFER


@pytest.mark.parametrize(
    ("datatype", "data", "expected"),
    [
        ("FP32", [1, 2.5], struct.pack("<2f", 1, 2.5)),
        ("FP64", [1, 2.5], struct.pack("<2d", 1, 2.5)),
        ("FP16", [1, 2.5], struct.pack("<2e", 1, 2.5)),
        ("UINT8", [0, 255], b"\x00\xff"),
        ("INT8", [-1, 1], b"\xff\x01"),
        ("UINT16", [1, 65535], b"\x01\x00\xff\xff"),
        ("INT32", [-2, 1], struct.pack("<2i", -2, 1)),
        ("INT64", [-2, 1], struct.pack("<2q", -2, 1)),
        ("UINT64", [2**64 - 1, 0], b"\xff" * 8 + b"\x00" * 8),
        ("BOOL", [True, False], b"\x01\x00"),
        ("BYTES", ["ab", "ü"], b"\x02\x00\x00\x00ab\x02\x00\x00\x00\xc3\xbc"),
    ],
)
def test_binary_data_is_little_endian_after_a_header_of_the_stated_length(
    datatype: str, data: list[Any], expected: bytes
) -> None:
    form = _form("x", dialect="triton", datatype=datatype)
    found = {e.name: e for e in form.encodings({"id": "7", "inputs": [_tensor(datatype, *data)]})}
    binary = found["binary data"]
    size = int(binary.headers["Inference-Header-Content-Length"])
    assert binary.body[size:] == expected
    assert json.loads(binary.body[:size]) == {
        "id": "7",
        "inputs": [
            {
                "name": "x",
                "shape": [1, 2],
                "datatype": datatype,
                "parameters": {"binary_data_size": len(expected)},
            }
        ],
    }


@pytest.mark.parametrize(
    "tensor",
    [_tensor("UINT8", 256), _tensor("INT32", 0.5), _tensor("ODD", 1), _tensor("BYTES", 1)],
)
def test_what_cannot_be_packed_has_no_binary_encoding(tensor: dict[str, Any]) -> None:
    form = _form("x", dialect="triton")
    assert "binary data" not in [found.name for found in form.encodings({"inputs": [tensor]})]


@pytest.mark.parametrize(
    "tensor",
    [
        {"name": "x", "shape": [3], "datatype": "FP32", "data": [1]},
        {"name": "x", "shape": [], "datatype": "FP32", "data": [1]},
        {"name": "x", "shape": [-1], "datatype": "FP32", "data": [1]},
        {"name": "x", "shape": [2], "datatype": "FP32", "data": [[1], 2]},
        {"name": "x", "shape": [2], "datatype": "FP32", "data": [1, [2]]},
    ],
)
def test_a_tensor_that_contradicts_itself_has_no_rows_and_no_other_encoding(
    tensor: dict[str, Any],
) -> None:
    form = _form("x", dialect="kserve")
    assert list(form.encodings({"inputs": [tensor]})) == []
    assert form.split({"inputs": [tensor]}) is None
    assert form.results({"outputs": [tensor]}) is None


@pytest.mark.parametrize(("names", "expected"), [((), False), (("x",), True)])
def test_a_batch_is_what_the_first_dimension_says(names: tuple[str, ...], expected: bool) -> None:
    assert _form(*names).has_batch is expected


def test_named_inputs_may_stand_in_another_order() -> None:
    x, y = INFER["inputs"][0], {**INFER["inputs"][0], "name": "y", "data": [5, 6, 7, 8]}
    found = {e.name: e for e in _form("x", "y").encodings({"id": "1", "inputs": [x, y]})}
    turned = found["inputs in another order"]
    assert json.loads(turned.body) == {"id": "1", "inputs": [y, x]}
    assert turned.promised and not found["nested data"].promised


def test_outputs_that_are_asked_for_stand_beside_the_inputs() -> None:
    form = _form("x")
    asked = form.asking_for(INFER, ["a", "b"])
    assert asked == {**INFER, "outputs": [{"name": "a"}, {"name": "b"}]}
    assert form.requested_outputs(asked) == ["a", "b"]
