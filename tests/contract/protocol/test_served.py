"""Rows of a data set through every form: as requests out, and as predictions back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract
from harness.errors import ConfigError

ONE = (
    'inputs = [{ name = "x", shape = ["batch", 2] }]\noutputs = [{ name = "y", shape = ["batch"] }]'
)
COLUMNS = """inputs = [
    { name = "a", shape = ["batch"] },
    { name = "b", datatype = "INT64", shape = ["batch"] },
]
outputs = [{ name = "y", shape = ["batch"] }]"""
ROWS = [[1.5, 2.0], [3.5, 4.0]]


@pytest.mark.parametrize(
    ("said", "request_", "answer"),
    [
        ("protocol = 'kserve-v1'\n" + ONE, {"instances": ROWS}, {"predictions": [7, 8]}),
        ("protocol = 'kserve-v1'", {"instances": ROWS}, {"predictions": [7, 8]}),
        ("protocol = 'json'\npath = '/p'\n" + ONE, {"x": ROWS}, {"y": [7, 8]}),
        ("protocol = 'cog'\n" + ONE, {"input": {"x": ROWS}}, {"output": [7, 8]}),
        ("protocol = 'cog'\n" + ONE, {"input": {"x": ROWS}}, {"output": {"y": [7, 8]}}),
        ("protocol = 'sagemaker'\ndialect = 'toolkit'\n" + ONE, ROWS, [7, 8]),
        (
            "protocol = 'seldon-v1'\n" + ONE,
            {"data": {"ndarray": ROWS}},
            {"data": {"ndarray": [7, 8]}},
        ),
        (
            "protocol = 'mlflow'\n" + COLUMNS,
            {"dataframe_split": {"columns": ["a", "b"], "data": [[1.5, 2], [3.5, 4]]}},
            {"predictions": [{"y": 7}, {"y": 8}]},
        ),
        (
            "protocol = 'kserve-v1'\n" + COLUMNS,
            {"instances": [{"a": 1.5, "b": 2}, {"a": 3.5, "b": 4}]},
            {"predictions": [7, 8]},
        ),
    ],
)
def test_rows_travel_in_the_protocols_own_form(
    make_gate: Callable[..., Gate], said: str, request_: Any, answer: Any
) -> None:
    examples = "" if "inputs" in said else 'examples = "ex.jsonl"'
    gate = make_gate(f"{said}\n{examples}", ex_jsonl='{"request": {"instances": [1]}}')
    contract = Contract.load(gate)
    assert json.loads(contract.encode(ROWS).body) == request_
    assert contract.decode(json.dumps(answer).encode()) == [7, 8]


def test_a_row_that_has_not_one_value_for_each_input_is_told_so(
    make_gate: Callable[..., Gate],
) -> None:
    contract = Contract.load(make_gate("protocol = 'mlflow'\n" + COLUMNS))
    with pytest.raises(ConfigError, match="does not say how a row of the data set becomes"):
        contract.encode([[1.0, 2.0, 3.0]])
