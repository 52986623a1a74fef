"""The server's own description beside what the contract declares."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract, metadata
from harness.model import Severity
from harness.testing import Reply, serve

Make = Callable[..., Gate]

DECLARED = """protocol = "open-inference-v2"
[[contract.inputs]]
name = "x"
shape = ["batch", 3]
[[contract.outputs]]
name = "y"
datatype = "INT64"
shape = ["batch"]
"""
TENSOR = {"name": "x", "datatype": "FP32", "shape": [-1, 3]}
RESULT = {"name": "y", "datatype": "INT64", "shape": [-1]}


def found(gate: Gate, answer: Any, status: int = 200) -> list[tuple[str, Severity]]:
    """Rules and severities of what is found in this description."""
    body = json.dumps(answer).encode()
    with serve(lambda method, path, sent: Reply(body, status)) as fake:
        seen = metadata(Contract.load(gate), fake.base_url)
    assert all(item.reproduce.startswith("curl") for item in seen.findings if item.reproduce)
    return [(item.rule, item.severity) for item in seen.findings]


def test_a_description_that_agrees_is_no_finding(make_gate: Make) -> None:
    assert found(make_gate(DECLARED), {"name": "m", "inputs": [TENSOR], "outputs": [RESULT]}) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"name": "X"}, "metadata-name"),
        ({"datatype": "FP64"}, "metadata-datatype"),
        ({"shape": [-1, 4]}, "metadata-shape"),
        ({"shape": [3]}, "metadata-shape"),
    ],
)
def test_a_description_that_contradicts_the_contract_is_an_error(
    make_gate: Make, change: dict[str, Any], rule: str
) -> None:
    answer = {"name": "m", "inputs": [TENSOR | change], "outputs": [RESULT]}
    assert found(make_gate(DECLARED), answer) == [(rule, Severity.ERROR)]


def test_a_rule_that_is_tolerated_only_warns(make_gate: Make) -> None:
    text = DECLARED.replace("\n", '\ntolerate = ["metadata-name"]\n', 1)
    answer = {"name": "m", "inputs": [TENSOR | {"name": "X"}], "outputs": [RESULT]}
    assert found(make_gate(text), answer) == [("metadata-name", Severity.WARNING)]


def test_a_datatype_that_does_not_travel_is_only_a_warning(make_gate: Make) -> None:
    text = DECLARED.replace("open-inference-v2", "tensorflow-serving")
    dim = {"dim": [{"size": "-1"}, {"size": "3"}]}
    sides = {"inputs": {"x": {"dtype": "DT_DOUBLE", "tensor_shape": dim}}, "outputs": {}}
    answer = {"metadata": {"signature_def": {"signature_def": {"serving_default": sides}}}}
    assert found(make_gate(text), answer) == [("metadata-datatype", Severity.WARNING)]


@pytest.mark.parametrize("status", [404, 500])
def test_a_server_without_a_description_is_only_told_of(make_gate: Make, status: int) -> None:
    assert found(make_gate(DECLARED), {"error": "no"}, status) == [("no-metadata", Severity.INFO)]


def test_a_server_that_lists_nothing_contradicts_nothing(make_gate: Make) -> None:
    assert found(make_gate(DECLARED), {"name": "m", "inputs": [], "outputs": []}) == []


def test_a_contract_that_could_not_be_learned_is_told_as_a_warning(make_gate: Make) -> None:
    text = 'protocol = "open-inference-v2"\nexamples = "ex.jsonl"'
    tensor = '{"name": "x", "shape": [1], "datatype": "FP32", "data": [1]}'
    contract = Contract.load(make_gate(text, ex_jsonl=f'{{"request": {{"inputs": [{tensor}]}}}}'))
    with serve(lambda method, path, body: Reply(b"oops", 500)) as fake:
        found = metadata(contract, fake.base_url).findings
    assert [(item.rule, item.severity) for item in found] == [("no-metadata", Severity.WARNING)]
