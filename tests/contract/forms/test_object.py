"""Members of one object: in a member of their own for Cog, and the only output without its name."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.forms import FORMS, Form
from harness.contract.judging.tensors import Broken
from harness.contract.protocol.presets import preset


def _form(protocol: str, *names: str, shape: tuple[int | str, ...] = ("batch", 2)) -> Form:
    tensors = [Tensor.model_validate({"name": n, "shape": list(shape)}) for n in names]
    return FORMS["object"](preset(protocol), tensors, tensors)


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("json", {"x": [[1, 2], [3, 4]], "y": [[5, 6], [7, 8]]}),
        ("cog", {"input": {"x": [[1, 2], [3, 4]], "y": [[5, 6], [7, 8]]}}),
    ],
)
def test_rows_taken_apart_and_joined_are_the_same_request(protocol: str, expected: Any) -> None:
    form = _form(protocol, "x", "y")
    tensors = {"x": [[1, 2], [3, 4]], "y": [[5, 6], [7, 8]]}
    request = form.request(tensors)
    assert request == expected
    assert form.malformed(request) == []
    assert {found.name: found.data for found in form.sent(request)} == tensors
    rows = form.split(request)
    assert rows == [{"x": [1, 2], "y": [5, 6]}, {"x": [3, 4], "y": [7, 8]}]
    assert form.join(rows) == request


@pytest.mark.parametrize(
    ("protocol", "answer", "expected"),
    [
        ("json", {"x": [[1, 2], [3, 4]]}, [{"x": [1, 2]}, {"x": [3, 4]}]),
        ("json", {"y": 1}, None),
        ("json", [[1, 2]], None),
        ("bentoml", [[1, 2]], [{"x": [1, 2]}]),
        ("bentoml", {"x": [[1, 2]]}, [{"x": [1, 2]}]),
        ("cog", {"output": [[1, 2]], "id": "a"}, [{"x": [1, 2]}]),
        ("cog", {"output": {"x": [[1, 2]]}}, [{"x": [1, 2]}]),
        ("cog", {"status": "failed"}, None),
    ],
)
def test_each_row_of_an_answer_has_its_result(protocol: str, answer: Any, expected: Any) -> None:
    assert _form(protocol, "x").results(answer) == expected


def test_two_outputs_need_their_names() -> None:
    assert isinstance(_form("bentoml", "x", "y").carried([[1, 2]]), Broken)


@pytest.mark.parametrize(
    ("protocol", "request_", "path"),
    [("json", 3, "$"), ("cog", {"x": 1}, "$.input"), ("cog", {"input": [1]}, "$.input")],
)
def test_a_request_that_is_no_object_is_told_where(protocol: str, request_: Any, path: str) -> None:
    assert [found.path for found in _form(protocol, "x").malformed(request_)] == [path]


def test_without_declared_inputs_any_json_is_a_request() -> None:
    assert _form("json").malformed([1]) == []
    assert _form("json").carried("x") == []


def test_ids_and_times_beside_the_output_are_no_prediction() -> None:
    form = _form("cog", "x")
    assert form.prediction({"output": 1, "metrics": {"predict_time": 2}}) == 1
    assert form.prediction({"status": "failed"}) == {"status": "failed"}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (_form("json"), False),
        (_form("json", "x"), True),
        (_form("json", "x", shape=(64,)), False),
    ],
)
def test_a_batch_is_what_the_first_dimension_says(form: Form, expected: bool) -> None:
    assert form.has_batch is expected
