"""Encodings: one request, written in every way of its protocol, has one answer."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract, encodings
from harness.model import Severity
from harness.testing import Handler, Reply, serve

Make = Callable[..., Any]


def _serving(columns: Callable[[list[list[float]]], Reply]) -> Callable[[str, str, bytes], Reply]:
    """TensorFlow Serving, whose requests by columns are answered by `columns`."""

    def answer(method: str, path: str, body: bytes) -> Reply:
        try:
            value = json.loads(body)
            if "inputs" in value:
                return columns(_bare(value["inputs"]))
            sums = [sum(_bare(row)) / 7 for row in value["instances"]]
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            return Reply(b'{"error": "bad"}', 400)
        return Reply(json.dumps({"predictions": sums}).encode())

    return answer


def _bare(value: Any) -> Any:
    return value["x"] if isinstance(value, dict) else value


def _outputs(values: list[float]) -> Reply:
    return Reply(json.dumps({"outputs": values}).encode())


@pytest.fixture
def serving(rows_contract: Make) -> Contract:
    """Rows of TensorFlow Serving."""
    contract: Contract = rows_contract("tensorflow-serving")
    return contract


def test_the_same_answer_in_another_shape_has_no_finding(serving: Contract) -> None:
    with serve(_serving(lambda rows: _outputs([sum(row) / 7 for row in rows]))) as fake:
        relation = encodings(serving, fake.base_url)
    assert relation.told() == []
    assert relation.compared > 0


def test_another_answer_is_found(serving: Contract) -> None:
    with serve(_serving(lambda rows: _outputs([sum(row) / 7 + 0.1 for row in rows]))) as fake:
        found = encodings(serving, fake.base_url).told()
    assert [(item.rule, item.severity) for item in found] == [("encodings", Severity.ERROR)]
    assert "columns has another answer" in found[0].message


def test_another_number_of_results_is_found(serving: Contract) -> None:
    with serve(_serving(lambda rows: _outputs([0.5] * (len(rows) + 1)))) as fake:
        found = encodings(serving, fake.base_url).told()
    assert found[0].expected.endswith("as JSON")


@pytest.mark.parametrize("status", [400, 404, 415, 422, 501])
def test_an_encoding_that_is_refused_is_no_finding(status: int, serving: Contract) -> None:
    with serve(_serving(lambda rows: Reply(b'{"error": "no"}', status))) as fake:
        relation = encodings(serving, fake.base_url)
    assert {item.severity for item in relation.told()} == {Severity.INFO}
    assert relation.refused == 2  # with a name and without, once each


def test_an_encoding_that_crashes_the_service_is_a_warning(serving: Contract) -> None:
    with serve(_serving(lambda rows: Reply(b"{}", 500))) as fake:
        found = encodings(serving, fake.base_url).told()
    assert found[0].severity is Severity.WARNING


def _reading(loads: Callable[[bytes], Any]) -> Handler:
    """A service around a function that reads a body; it predicts by member and by type."""

    def answer(method: str, path: str, body: bytes) -> Reply:
        try:
            value = loads(body)
            score = sum(value["x"][0]) + 2 * len(value["name"][0])
        except (ValueError, TypeError, KeyError, LookupError, RecursionError):
            return Reply(b'{"error": "bad"}', 400)
        return Reply(json.dumps({"y": [score / 7]}).encode())

    return answer


def _by_place(body: bytes) -> Any:
    """Members by their place: the first is taken for the numbers."""
    value = json.loads(body)
    first, *_ = value.values()
    numbers = first if isinstance(first[0], list) else [[9.0]]
    return {**value, "x": numbers}


def _unescaped(body: bytes) -> Any:
    """A reader that takes escapes for what they are written with."""
    value = json.loads(body.replace(b"\\u", b"\\\\u"))
    numbers, names = value.values()
    if isinstance(names[0], list):
        numbers, names = names, numbers
    return {"x": numbers, "name": names}


def _whole_is_more(body: bytes) -> Any:
    value = json.loads(body)
    return {**value, "x": [[item + (type(item) is float) for item in row] for row in value["x"]]}


def _no_exponent(body: bytes) -> Any:
    return json.loads(re.sub(rb"e[+-]?\d+", b"", body))


PLAIN = """path = "/predict"
examples = "ex.jsonl"
[[contract.inputs]]
name = "x"
datatype = "FP32"
shape = ["batch", 2]
range = [0, 90]
[[contract.inputs]]
name = "name"
datatype = "BYTES"
shape = ["batch"]
[[contract.outputs]]
name = "y"
shape = ["batch"]
"""


@pytest.fixture
def plain(make_gate: Callable[..., Gate]) -> Contract:
    """Plain JSON: numbers and a name."""
    lines = ['{"request": {"x": [[3, 12.5]], "name": ["anne"]}}']
    lines.append('{"request": {"x": [[40, 7.25]], "name": ["bert or bob"]}}')
    return Contract.load(make_gate(PLAIN, ex_jsonl="\n".join(lines)))


@pytest.mark.parametrize(
    ("loads", "name"),
    [
        (_by_place, "members in another order"),
        (_unescaped, "escaped characters"),
        (_whole_is_more, "numbers like 3.0"),
        (_no_exponent, "numbers with an exponent"),
    ],
)
def test_json_in_another_spelling_with_another_answer_is_found(
    loads: Callable[[bytes], Any], name: str, plain: Contract
) -> None:
    with serve(_reading(loads)) as fake:
        found = encodings(plain, fake.base_url)
    assert [item.rule for item in found.told() if item.severity is Severity.ERROR] == ["encodings"]
    assert f"JSON with {name}" in found.where


def test_json_in_any_spelling_with_the_same_answer_has_no_finding(plain: Contract) -> None:
    with serve(_reading(json.loads)) as fake:
        relation = encodings(plain, fake.base_url)
    assert relation.told() == []
    assert relation.compared > 20


@pytest.mark.parametrize(("status", "severity"), [(400, Severity.WARNING), (500, Severity.ERROR)])
def test_json_that_is_not_read_because_of_its_spelling_is_a_warning_and_a_crash_an_error(
    status: int, severity: Severity, plain: Contract
) -> None:
    good = _reading(json.loads)

    def answer(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"{}", status) if body.startswith(b"\r\n") else good(method, path, body)

    with serve(answer) as fake:
        found = encodings(plain, fake.base_url).told()
    assert found[0].severity is severity
    assert "whitespace between tokens has no answer" in found[0].message


def test_an_answer_that_drifts_is_not_blamed_on_the_encoding(serving: Contract) -> None:
    drift = itertools.count()
    good = _serving(lambda rows: _outputs([sum(row) / 7 for row in rows]))

    def answer(method: str, path: str, body: bytes) -> Reply:
        reply = good(method, path, body)
        return Reply(b'{"predictions": [%d]}' % next(drift)) if reply.status == 200 else reply

    with serve(answer) as fake:
        assert encodings(serving, fake.base_url).findings == []


@pytest.mark.parametrize(("extensions", "expected"), [(["binary_tensor_data"], True), ([], False)])
def test_an_encoding_that_the_server_names_itself_is_tried(
    extensions: list[str], expected: bool, rows_contract: Make
) -> None:
    seen: list[bytes] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        if path == "/v2":
            return Reply(json.dumps({"name": "s", "extensions": extensions}).encode())
        seen.append(body)
        try:
            (tensor,) = json.loads(body)["inputs"]
            rows = tensor["shape"][0]
        except (ValueError, TypeError, KeyError, LookupError, RecursionError):
            return Reply(b'{"error": "bad"}', 400)
        output = {"name": "p", "shape": [rows], "datatype": "FP32", "data": [0.5] * rows}
        return Reply(json.dumps({"model_name": "m", "outputs": [output]}).encode())

    with serve(answer) as fake:
        relation = encodings(rows_contract("open-inference-v2"), fake.base_url)
    assert any(b"binary_data_size" in body for body in seen) is expected
    assert ("encoding 'binary data' is not served" in relation.notes) is expected


def test_as_many_rows_as_columns_are_among_the_requests(serving: Contract) -> None:
    def transposed(rows: list[list[float]]) -> Reply:
        turned = list(zip(*rows, strict=True)) if len(rows) == len(rows[0]) else rows
        return _outputs([sum(row) / 7 for row in turned])

    with serve(_serving(transposed)) as fake:
        found = encodings(serving, fake.base_url).told()
    assert [(item.rule, item.severity) for item in found] == [("encodings", Severity.ERROR)]
