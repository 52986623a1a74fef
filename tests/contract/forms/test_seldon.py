"""Seldon's message: an array or a tensor with its shape, columns with names, metadata beside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.forms import FORMS, Form
from harness.contract.judging.tensors import Broken
from harness.contract.protocol.presets import preset


def _form(*tensors: tuple[str, list[Any]]) -> Form:
    declared = [Tensor.model_validate({"name": name, "shape": shape}) for name, shape in tensors]
    return FORMS["seldon"](preset("seldon-v1"), declared, declared)


ONE = _form(("x", ["batch", 2]))
COLUMNS = _form(("a", ["batch"]), ("b", ["batch"]))
TENSOR = {"data": {"tensor": {"shape": [2, 2], "values": [1, 2, 3, 4]}}}


@pytest.mark.parametrize(
    ("form", "tensors", "expected"),
    [
        (ONE, {"x": [[1, 2], [3, 4]]}, {"data": {"ndarray": [[1, 2], [3, 4]]}}),
        (
            COLUMNS,
            {"a": [1, 3], "b": [2, 4]},
            {"data": {"names": ["a", "b"], "ndarray": [[1, 2], [3, 4]]}},
        ),
    ],
)
def test_one_tensor_is_the_array_and_several_are_its_columns(
    form: Form, tensors: dict[str, Any], expected: Any
) -> None:
    request = form.request(tensors)
    assert request == expected
    assert form.malformed(request) == []
    assert {found.name: found.data for found in form.sent(request)} == tensors
    rows = form.split(request)
    assert rows is not None and len(rows) == 2
    assert form.join(rows) == request


def test_a_tensor_and_an_array_are_two_encodings_of_one_request() -> None:
    (array,) = ONE.encodings(TENSOR)
    assert json.loads(array.body) == {"data": {"ndarray": [[1, 2], [3, 4]]}}
    (tensor,) = ONE.encodings(json.loads(array.body))
    assert json.loads(tensor.body) == TENSOR
    assert ONE.results(TENSOR) == ONE.results(json.loads(array.body)) == [[1, 2], [3, 4]]


def test_texts_have_no_tensor() -> None:
    assert list(ONE.encodings({"data": {"ndarray": [["a", "b"]]}})) == []


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ([], "no JSON object"),
        ({"x": 1}, "member 'data' is missing"),
        ({"data": 1}, "no JSON object"),
        ({"data": {"ndarray": 1}}, "no array in the data"),
        ({"data": {"tensor": {"shape": [2], "values": [1]}}}, "no array in the data"),
        ({"data": {"tensor": {"shape": [-1], "values": [1]}}}, "no array in the data"),
    ],
)
def test_a_request_that_is_none_of_the_protocol_is_told_so(request_: Any, expected: str) -> None:
    assert [found.message for found in ONE.malformed(request_)] == [expected]
    assert ONE.split(request_) is None


@pytest.mark.parametrize("key", ["strData", "jsonData", "binData"])
def test_other_kinds_of_data_are_no_arrays_and_no_mistake(key: str) -> None:
    assert ONE.malformed({key: "x"}) == []
    assert ONE.carried({key: "x"}) == []
    assert ONE.split({key: "x"}) is None
    assert ONE.sent({key: "x"}) == []


def test_metadata_beside_the_data_is_no_prediction() -> None:
    answer = {"data": {"ndarray": [1]}, "meta": {"puid": "changes each time"}}
    assert ONE.prediction(answer) == {"ndarray": [1]}


def test_an_answer_without_data_is_broken() -> None:
    assert isinstance(ONE.carried({"status": {"status": 1}}), Broken)
