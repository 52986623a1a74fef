"""MLflow's tables and tensors: one kind in each request, the same rows in every encoding."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.config.schema import Tensor
from harness.contract.forms import FORMS, Form
from harness.contract.judging.tensors import Broken
from harness.contract.protocol.presets import preset


def _form(*tensors: tuple[str, list[Any]]) -> Form:
    found = preset("mlflow")
    inputs = [Tensor.model_validate({"name": name, "shape": shape}) for name, shape in tensors]
    outputs = [Tensor.model_validate({"name": "y", "shape": ["batch"]})]
    return FORMS["dataframe"](found, inputs, outputs)


TABLE = _form(("a", ["batch"]), ("b", ["batch"]))
SPLIT = {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2.5], [3, 4.5]]}}


@pytest.mark.parametrize(
    ("form", "tensors", "expected"),
    [
        (TABLE, {"a": [1, 3], "b": [2.5, 4.5]}, SPLIT),
        (_form(("inputs", ["batch", 2])), {"inputs": [[1, 2]]}, {"inputs": [[1, 2]]}),
        (_form(("x", ["batch", 2])), {"x": [[1, 2]]}, {"inputs": {"x": [[1, 2]]}}),
        (
            _form(("x", ["batch", 2]), ("y", ["batch"])),
            {"x": [[1, 2]], "y": [3]},
            {"inputs": {"x": [[1, 2]], "y": [3]}},
        ),
    ],
)
def test_columns_are_a_table_and_more_dimensions_are_tensors(
    form: Form, tensors: dict[str, Any], expected: Any
) -> None:
    request = form.request(tensors)
    assert request == expected
    assert form.malformed(request) == []
    assert {found.name: found.data for found in form.sent(request)} == tensors
    rows = form.split(request)
    assert rows is not None
    assert form.join(rows) == request


@pytest.mark.parametrize(
    "request_",
    [
        SPLIT,
        {"dataframe_records": [{"a": 1, "b": 2.5}, {"a": 3, "b": 4.5}]},
        {"instances": [{"a": 1, "b": 2.5}, {"a": 3, "b": 4.5}]},
        {"inputs": {"a": [1, 3], "b": [2.5, 4.5]}},
    ],
)
def test_every_kind_of_input_has_the_same_rows_and_columns(request_: Any) -> None:
    assert TABLE.split(request_) == [{"a": 1, "b": 2.5}, {"a": 3, "b": 4.5}]
    assert [found.data for found in TABLE.sent(request_)] == [[1, 3], [2.5, 4.5]]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ([], "no JSON object"),
        ({}, "not exactly one kind of input"),
        ({**SPLIT, "inputs": [1]}, "not exactly one kind of input"),
        ({"dataframe_split": []}, "no table"),
        ({"dataframe_split": {"data": [[1]]}}, "a table without columns"),
        ({"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}, "a column twice"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, "a row of another length"),
    ],
)
def test_a_request_that_is_none_of_the_protocol_is_told_so(request_: Any, expected: str) -> None:
    assert [found.message for found in TABLE.malformed(request_)] == [expected]
    assert TABLE.split(request_) is None


def _encoded(form: Form, request: Any) -> dict[str, bytes]:
    return {found.name: found.body for found in form.encodings(request)}


def test_a_table_is_also_records_and_csv_and_its_columns_may_stand_in_another_order() -> None:
    found = _encoded(TABLE, SPLIT)
    turned = {"columns": ["b", "a"], "data": [[2.5, 1], [4.5, 3]]}
    assert json.loads(found.pop("dataframe_split, columns in another order")) == {
        "dataframe_split": turned
    }
    assert json.loads(found.pop("dataframe_records")) == {
        "dataframe_records": [{"a": 1, "b": 2.5}, {"a": 3, "b": 4.5}]
    }
    assert found == {
        "CSV": b"a,b\n1,2.5\n3,4.5\n",
        "CSV without a newline at its end": b"a,b\n1,2.5\n3,4.5",
        "CSV, columns in another order": b"b,a\n2.5,1\n4.5,3\n",
    }
    assert {e.headers["Content-Type"] for e in TABLE.encodings(SPLIT) if "CSV" in e.name} == {
        "text/csv"
    }


def test_columns_change_places_with_others_of_their_datatype() -> None:
    kinds = {"a": "FP64", "b": "BYTES", "c": "FP64", "d": "INT64"}
    inputs = [
        Tensor.model_validate({"name": name, "shape": ["batch"], "datatype": kind})
        for name, kind in kinds.items()
    ]
    form = FORMS["dataframe"](preset("mlflow"), inputs, [])
    table = {"dataframe_split": {"columns": list("abcd"), "data": [[1.5, "red", 2.5, 3]]}}
    found = _encoded(form, table)["dataframe_split, columns in another order"]
    assert json.loads(found)["dataframe_split"] == {
        "columns": list("cbad"),
        "data": [[2.5, "red", 1.5, 3]],
    }


def test_columns_that_nobody_declared_stay_where_they_are() -> None:
    form = FORMS["dataframe"](preset("mlflow"), [], [])
    assert list(_encoded(form, SPLIT)) == [
        "dataframe_records",
        "CSV",
        "CSV without a newline at its end",
    ]


def test_one_row_of_csv_keeps_its_newline() -> None:
    one = {"dataframe_split": {"columns": ["a"], "data": [[1.5]]}}
    form = FORMS["dataframe"](preset("mlflow"), [], [])
    assert list(_encoded(form, one)) == ["dataframe_records", "CSV"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("007", False), ("NA", False), ("true", False), ("", False), ("red", True), (None, False)],
)
def test_csv_is_left_out_where_its_reader_would_guess_a_type(cell: Any, expected: bool) -> None:
    table = {"dataframe_split": {"columns": ["a", "b"], "data": [[cell, 1]]}}
    assert ("CSV" in _encoded(TABLE, table)) is expected


def test_parameters_beside_a_table_are_not_lost_in_another_encoding() -> None:
    assert list(TABLE.encodings({**SPLIT, "params": {"t": 1}})) == []


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        ([1, 2], [1, 2]),
        ([{"y": 1}, {"y": 2}], [{"y": 1}, {"y": 2}]),
        ({"y": [1, 2]}, [{"y": 1}, {"y": 2}]),
        ("text", None),
    ],
)
def test_predictions_are_rows_however_the_model_returns_them(
    predictions: Any, expected: Any
) -> None:
    assert TABLE.results({"predictions": predictions}) == expected


def test_an_answer_without_predictions_is_broken() -> None:
    found = TABLE.carried({"error_code": "BAD_REQUEST"})
    assert isinstance(found, Broken)
    assert found.message == "member 'predictions' is missing"
