"""Rows in a list, results in a list; and TensorFlow Serving's columns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.forms import FORMS, Form
from harness.contract.protocol.presets import preset


def _form(protocol: str, *names: str, shape: tuple[int | str, ...] = ("batch", 2)) -> Form:
    tensors = [Tensor.model_validate({"name": n, "shape": list(shape)}) for n in names]
    return FORMS["rows"](preset(protocol), tensors, tensors)


@pytest.mark.parametrize(
    ("form", "tensors", "request_"),
    [
        (
            _form("kserve-v1", "x"),
            {"x": [[1, 2], [3, 4]]},
            {"instances": [[1, 2], [3, 4]]},
        ),
        (
            _form("kserve-v1", "x", "y"),
            {"x": [[1, 2], [3, 4]], "y": [[5, 6], [7, 8]]},
            {"instances": [{"x": [1, 2], "y": [5, 6]}, {"x": [3, 4], "y": [7, 8]}]},
        ),
    ],
)
def test_rows_taken_apart_and_joined_are_the_same_request(
    form: Form, tensors: dict[str, Any], request_: Any
) -> None:
    assert form.request(tensors) == request_
    assert form.malformed(request_) == []
    rows = form.split(request_)
    assert rows is not None and len(rows) == 2
    assert form.join(rows) == request_


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"predictions": [1, 2]}, [1, 2]),
        ({"error": "x"}, None),
        ({"outputs": [1, 2]}, [1, 2]),
        ({"outputs": {"a": [1, 2], "b": [3, 4]}}, [{"a": 1, "b": 3}, {"a": 2, "b": 4}]),
        ({"outputs": {"a": [1, 2], "b": [3]}}, None),
    ],
)
def test_each_row_of_an_answer_has_its_result_in_rows_or_columns(
    answer: Any, expected: Any
) -> None:
    assert _form("tensorflow-serving", "x").results(answer) == expected


def test_columns_are_no_answer_of_a_protocol_without_them() -> None:
    assert _form("kserve-v1", "x").results({"outputs": [1, 2]}) is None


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ([], "no JSON object"),
        ({"rows": []}, "member 'instances' is missing"),
        ({"instances": []}, "member 'instances' is no list"),
    ],
)
def test_a_request_that_is_none_of_the_protocol_is_told_so(request_: Any, expected: str) -> None:
    assert _form("kserve-v1", "x").malformed(request_)[0].message == expected


def test_columns_are_another_request_of_tensorflow_serving() -> None:
    form = _form("tensorflow-serving", "x")
    assert form.malformed({"inputs": [[1, 2]]}) == []
    assert form.split({"inputs": [[1, 2]]}) is None


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        (
            [{"x": [1, 2], "y": [5]}, {"x": [3, 4], "y": [6]}],
            {"x": [[1, 2], [3, 4]], "y": [[5], [6]]},
        ),
        ([{"b64": "YQ=="}], [{"b64": "YQ=="}]),
    ],
)
def test_rows_are_also_columns(rows: list[Any], columns: Any) -> None:
    form = _form("tensorflow-serving")
    (found,) = form.encodings({"instances": rows})
    assert json.loads(found.body) == {"inputs": columns}


@pytest.mark.parametrize(
    "request_",
    [
        {"instances": [[1, 2], [3]]},
        {"instances": [{"x": 1}, {"y": 1}]},
        {"instances": [[1]], "signature_name": "serving_default"},
        {"inputs": [[1]]},
    ],
)
def test_what_cannot_be_columns_has_no_other_encoding(request_: Any) -> None:
    assert list(_form("tensorflow-serving").encodings(request_)) == []


@pytest.mark.parametrize(
    ("form", "expected"),
    [(_form("kserve-v1"), True), (_form("kserve-v1", "x", shape=(1, 64)), False)],
)
def test_a_batch_is_what_the_first_dimension_says(form: Form, expected: bool) -> None:
    assert form.has_batch is expected


def test_tensors_by_columns_are_found_by_their_names() -> None:
    form = _form("tensorflow-serving", "x", "y")

    sent = form.sent({"inputs": {"x": [[1, 2]], "y": [[3, 4]]}})
    carried = form.carried({"outputs": {"x": [[1, 2]], "y": [[3, 4]]}})

    assert [(one.name, one.data, one.path) for one in sent] == [
        ("x", [[1, 2]], "$.inputs.x"),
        ("y", [[3, 4]], "$.inputs.y"),
    ]
    assert isinstance(carried, list)
    assert [one.path for one in carried] == ["$.outputs.x", "$.outputs.y"]


def test_the_only_tensor_by_columns_needs_no_name() -> None:
    carried = _form("tensorflow-serving", "x").carried({"outputs": [[1, 2]]})

    assert isinstance(carried, list)
    assert [(one.name, one.path) for one in carried] == [("x", "$.outputs")]


def test_the_only_input_may_also_be_named_in_rows_and_in_columns() -> None:
    found = {
        item.name: json.loads(item.body)
        for item in _form("tensorflow-serving", "x").encodings({"instances": [[1, 2], [3, 4]]})
    }
    assert found == {
        "columns": {"inputs": [[1, 2], [3, 4]]},
        "named rows": {"instances": [{"x": [1, 2]}, {"x": [3, 4]}]},
        "named columns": {"inputs": {"x": [[1, 2], [3, 4]]}},
    }
    assert list(_form("kserve-v1", "x").encodings({"instances": [[1, 2]]})) == []


def test_two_kinds_of_input_in_one_request_are_none_of_the_protocol() -> None:
    form = _form("tensorflow-serving", "x")
    (broken,) = form.malformed({"instances": [[1, 2]], "inputs": [[1, 2]]})
    assert (broken.message, broken.received) == ("two kinds of input", "instances, inputs")
    assert form.malformed({"instances": [[1, 2]], "signature_name": "serving_default"}) == []
    assert _form("kserve-v1", "x").malformed({"instances": [[1, 2]], "inputs": 1}) == []
