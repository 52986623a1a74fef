"""What Hypothesis draws: sound claims, at full size, shrunk on the plan."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.strategies import SearchStrategy

from harness.config import Gate
from harness.contract.contract import Contract
from harness.contract.requests.cases import Case, Claim
from harness.contract.requests.source import Source
from harness.contract.requests.strategies import invalid_cases, valid_cases
from harness.contract.wire.strictjson import parse

TENSOR = """
protocol = "open-inference-v2"
[[contract.inputs]]
name = "x"
datatype = "FP32"
shape = ["batch", 3]
range = [0, 16]
"""
PLAIN = 'path = "/p"\nrequest = "request.json"\nexamples = "examples.jsonl"\n'
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "k": {"type": "integer", "minimum": 1}},
    "required": ["text"],
    "additionalProperties": False,
}
EXAMPLE = {"request": {"text": "good", "k": 3}}
QUIET = settings(
    max_examples=60,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(params=["tensor", "plain"])
def contract(request: pytest.FixtureRequest, make_gate: Callable[..., Gate]) -> Contract:
    if request.param == "tensor":
        return Contract.load(make_gate(TENSOR))
    files = {"request_json": json.dumps(SCHEMA), "examples_jsonl": json.dumps(EXAMPLE)}
    return Contract.load(make_gate(PLAIN, **files))


def drawn(strategy: SearchStrategy[Case]) -> list[Case]:
    cases: list[Case] = []

    @QUIET
    @given(strategy)
    def collect(case: Case) -> None:
        cases.append(case)

    collect()
    return cases


def test_what_is_drawn_as_valid_keeps_the_contract(contract: Contract) -> None:
    source = Source.of(contract)
    cases = drawn(valid_cases(contract))
    assert len({case.prepared.body for case in cases}) > 20
    assert not any(source.refutes(case.value) for case in cases)
    assert {case.claim for case in cases} == {Claim.ALLOWED}


def test_what_is_claimed_invalid_is_surely_forbidden(contract: Contract) -> None:
    source = Source.of(contract)
    cases = drawn(invalid_cases(contract))
    claimed = [case for case in cases if case.claim is Claim.INVALID]
    assert len(claimed) > 10 and len(claimed) < len(cases)
    for case in claimed:
        parsed = parse(case.prepared.body)
        assert not parsed.readable or source.forbidden(parsed.value)


def test_a_failing_tensor_shrinks_to_the_simplest_plan(make_gate: Callable[..., Gate]) -> None:
    contract = Contract.load(make_gate(TENSOR))

    def has_a_high_cell(case: Case) -> bool:
        return any(cell > 8 for cell in case.value["inputs"][0]["data"])

    found = find(valid_cases(contract), has_a_high_cell, settings=QUIET)
    assert found.value["inputs"][0]["shape"] == [1, 3]
    assert found.name.startswith("generated: batch 1: constant, seed ")


def test_without_schema_and_inputs_the_corpus_is_drawn_from(
    make_gate: Callable[..., Gate],
) -> None:
    gate = make_gate('path = "/p"\nexamples = "examples.jsonl"', examples_jsonl=json.dumps(EXAMPLE))
    cases = drawn(valid_cases(Contract.load(gate)))
    assert {json.dumps(case.value) for case in cases} == {json.dumps(EXAMPLE["request"])}


def test_an_image_is_drawn_at_full_size(make_gate: Callable[..., Gate]) -> None:
    gate = make_gate(TENSOR.replace('["batch", 3]', '["batch", 3, 224, 224]'))
    found = find(valid_cases(Contract.load(gate)), lambda case: True, settings=QUIET)
    assert len(found.value["inputs"][0]["data"]) == 150_528
