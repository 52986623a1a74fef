"""Tensors that contradict themselves or the model."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.mutants.tensors import tensor_mutants

TENSOR = {"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1.0, 2.0]}
REQUEST = {"inputs": [TENSOR]}


def mutants(request: Any = None) -> dict[str, tuple[Any, bool]]:
    found = tensor_mutants(REQUEST if request is None else request, "inputs")
    return {name: (value, surely) for name, value, surely in found}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("a shape larger than the data", {"shape": [1, 3]}),
        ("data longer than the shape", {"data": [1.0, 2.0, 2.0]}),
        ("negative dimensions", {"shape": [-1, -2]}),
        ("an unknown datatype", {"datatype": "FP31"}),
        ("texts where numbers are due", {"data": ["text", "text"]}),
        ("texts declared as such", {"datatype": "BYTES", "data": ["text", "text"]}),
        ("an unknown name for an input", {"name": "no-such-input"}),
    ],
)
def test_what_a_protocol_forbids_is_surely_forbidden(name: str, changed: dict[str, Any]) -> None:
    assert mutants()[name] == ({"inputs": [{**TENSOR, **changed}]}, True)


@pytest.mark.parametrize(
    "name",
    [
        "datatype FP16",
        "no rows",
        "an input that nobody asked for",
        "the same input twice",
        "a requested output that does not exist",
    ],
)
def test_what_servers_may_accept_is_not(name: str) -> None:
    assert mutants()[name][1] is False


def test_a_missing_input_leaves_the_others() -> None:
    both = {"inputs": [TENSOR, {**TENSOR, "name": "y"}]}
    assert mutants(both)["an input that is missing"][0] == {"inputs": [{**TENSOR, "name": "y"}]}


@pytest.mark.parametrize("request_", [{}, [], {"inputs": []}, {"inputs": [1]}, None])
def test_what_has_no_tensor_has_no_mutant(request_: Any) -> None:
    assert list(tensor_mutants(request_, "inputs")) == []
