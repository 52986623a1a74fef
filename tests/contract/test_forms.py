"""Forms: rows taken apart and put together, tensors found in answers."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.forms import FORMS, Form
from harness.contract.presets import preset
from harness.contract.tensors import Broken


def _form(protocol: str, *names: str, shape: tuple[int | str, ...] = ("batch", 2)) -> Form:
    tensors = [Tensor.model_validate({"name": n, "shape": list(shape)}) for n in names]
    found = preset(protocol)
    return FORMS[found.form](found, tensors, tensors)


INFER = {
    "inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}],
}


@pytest.mark.parametrize(
    ("form", "tensors", "request_"),
    [
        (_form("json", "x"), {"x": [[1, 2], [3, 4]]}, {"x": [[1, 2], [3, 4]]}),
        (_form("kserve-v1", "x"), {"x": [[1, 2], [3, 4]]}, {"instances": [[1, 2], [3, 4]]}),
        (
            _form("kserve-v1", "x", "y"),
            {"x": [[1, 2], [3, 4]], "y": [[5, 6], [7, 8]]},
            {"instances": [{"x": [1, 2], "y": [5, 6]}, {"x": [3, 4], "y": [7, 8]}]},
        ),
        (_form("open-inference-v2", "x"), {"x": [[1, 2], [3, 4]]}, INFER),
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
    ("protocol", "answer", "expected"),
    [
        ("json", {"x": [[1, 2], [3, 4]]}, [{"x": [1, 2]}, {"x": [3, 4]}]),
        ("json", {"y": 1}, None),
        ("kserve-v1", {"predictions": [1, 2]}, [1, 2]),
        ("kserve-v1", {"error": "x"}, None),
        (
            "open-inference-v2",
            {"outputs": [{"name": "x", "shape": [2], "datatype": "INT64", "data": [7, 8]}]},
            [{"x": 7}, {"x": 8}],
        ),
        (
            "open-inference-v2",
            {"outputs": [{"name": "x", "shape": [3], "datatype": "INT64", "data": [7, 8]}]},
            None,
        ),
    ],
)
def test_each_row_of_an_answer_has_its_result(protocol: str, answer: Any, expected: Any) -> None:
    assert _form(protocol, "x").results(answer) == expected


@pytest.mark.parametrize(
    ("protocol", "request_", "expected"),
    [
        ("kserve-v1", [], "no JSON object"),
        ("kserve-v1", {"rows": []}, "member 'instances' is missing"),
        ("kserve-v1", {"instances": []}, "member 'instances' is no list"),
        ("open-inference-v2", {"inputs": [1]}, "a tensor is no object"),
        (
            "open-inference-v2",
            {"inputs": [{"name": "x", "shape": [1], "data": [1]}]},
            "a tensor has no proper 'datatype'",
        ),
        ("json", 3, "no JSON object"),
    ],
)
def test_a_request_that_is_none_of_the_protocol_is_told_so(
    protocol: str, request_: Any, expected: str
) -> None:
    assert _form(protocol, "x").malformed(request_)[0].message == expected


def test_columns_are_another_request_of_tensorflow_serving() -> None:
    form = _form("tensorflow-serving", "x")
    assert form.malformed({"inputs": [[1, 2]]}) == []
    assert form.split({"inputs": [[1, 2]]}) is None


def test_an_answer_without_its_tensors_is_broken() -> None:
    found = _form("open-inference-v2", "x").carried({"outputs": {}})
    assert isinstance(found, Broken)
    assert found.path == "$.outputs"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (_form("json"), False),
        (_form("json", "x"), True),
        (_form("json", "x", shape=(64,)), False),
        (_form("kserve-v1"), True),
        (_form("kserve-v1", "x", shape=(1, 64)), False),
        (_form("open-inference-v2"), False),
        (_form("open-inference-v2", "x"), True),
    ],
)
def test_a_batch_is_what_the_first_dimension_says(form: Form, expected: bool) -> None:
    assert form.has_batch is expected


def test_ids_that_a_server_invents_are_no_prediction() -> None:
    form = _form("open-inference-v2", "x")
    assert form.prediction({"id": "a", "outputs": [1]}) == form.prediction({"outputs": [1]})
