"""A bare list of rows in, a bare list of results out."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.forms import FORMS, Form
from harness.contract.judging.tensors import Broken
from harness.contract.protocol.presets import preset


def _form(*names: str) -> Form:
    declared = [Tensor.model_validate({"name": n, "shape": ["batch", 2]}) for n in names]
    return FORMS["array"](preset("sagemaker", "toolkit"), declared, declared)


@pytest.mark.parametrize(
    ("form", "tensors", "expected"),
    [
        (_form("x"), {"x": [[1, 2], [3, 4]]}, [[1, 2], [3, 4]]),
        (_form("x", "y"), {"x": [[1, 2]], "y": [[3, 4]]}, [{"x": [1, 2], "y": [3, 4]}]),
    ],
)
def test_rows_taken_apart_and_joined_are_the_same_request(
    form: Form, tensors: dict[str, Any], expected: Any
) -> None:
    request = form.request(tensors)
    assert request == expected
    assert form.malformed(request) == []
    assert {found.name: found.data for found in form.sent(request)} == tensors
    rows = form.split(request)
    assert rows is not None and form.join(rows) == request


@pytest.mark.parametrize("request_", [{}, [], "x", None])
def test_what_is_no_list_of_rows_is_told_so(request_: Any) -> None:
    assert [found.message for found in _form("x").malformed(request_)] == ["no list of rows"]


def test_an_answer_that_is_no_list_is_broken() -> None:
    assert isinstance(_form("x").carried({"x": []}), Broken)
    assert _form("x").results({"x": []}) is None
    assert _form("x").results([1, 2]) == [1, 2]
