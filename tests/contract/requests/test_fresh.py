"""Requests for load: different, valid by the contract, the same ones for a seed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from harness.config import load
from harness.contract import Claim, Contract

Make = Callable[..., Contract]

TENSORS = """
protocol = "tensorflow-serving"
[[contract.inputs]]
name = "x"
datatype = "FP32"
shape = ["batch", 3]
range = [0, 1]
"""
FLAG = """
protocol = "json"
path = "/predict"
[[contract.inputs]]
name = "on"
datatype = "BOOL"
shape = [1]
"""
ROWS = 'protocol = "tensorflow-serving"\nmodel = "m"\nexamples = "examples.jsonl"\n'
JSON = 'protocol = "json"\npath = "/predict"\n'
SCHEMA = {
    "type": "object",
    "required": ["review"],
    "additionalProperties": False,
    "properties": {
        "review": {"type": "string", "maxLength": 40},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5},
        "weight": {"type": "number"},
        "key": {"type": "string"},
    },
}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """The contract of these lines, with examples and a schema in files."""

    def contract(lines: str, examples: list[Any] | None = None) -> Contract:
        shown = [json.dumps({"request": request}) for request in examples or []]
        (tmp_path / "examples.jsonl").write_text("\n".join(shown), encoding="utf-8")
        (tmp_path / "schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
        head = 'version = 1\n[candidate]\nname = "c"\nurl = "http://127.0.0.1:1"\n[contract]\n'
        (tmp_path / "gate.toml").write_text(head + lines, encoding="utf-8")
        return Contract.load(load(tmp_path / "gate.toml"))

    return contract


def _values(contract: Contract, count: int, **keys: Any) -> Iterator[Any]:
    return (case.value for case in islice(contract.fresh(**keys), count))


def test_declared_inputs_give_as_many_promised_requests_as_are_asked_for(make: Make) -> None:
    cases = list(islice(make(TENSORS).fresh(), 300))

    assert len({case.prepared.body for case in cases}) == 300
    assert {case.claim for case in cases} == {Claim.VALID}
    assert all(0 <= cell <= 1 for case in cases for cell in case.value["instances"][0])


def test_a_seed_gives_the_same_requests_again_and_another_one_others(make: Make) -> None:
    first, again, other = (list(_values(make(TENSORS), 20, seed=seed)) for seed in (1, 1, 2))

    assert first == again != other


def test_so_many_rows_are_in_one_request(make: Make) -> None:
    for rows in (1, 16):
        (value,) = _values(make(TENSORS), 1, rows=rows)
        assert len(value["instances"]) == rows


def test_what_has_two_values_gives_two_requests_and_ends(make: Make) -> None:
    assert len(list(make(FLAG).fresh())) == 2


def test_a_contract_without_a_batch_gives_no_request_of_two_rows(make: Make) -> None:
    assert list(make(FLAG).fresh(rows=2)) == []


def test_rows_of_examples_are_put_together_anew_and_are_allowed(make: Make) -> None:
    contract = make(ROWS, [{"instances": [[1], [2]]}, {"instances": [[3]]}])

    cases = list(contract.fresh())

    sent = [[row[0] for row in case.value["instances"]] for case in cases]
    assert {tuple(rows) for rows in sent} <= {(a, b) for a in (1, 2, 3) for b in (1, 2, 3)} | {
        (1,),
        (2,),
        (3,),
    }
    assert len(sent) == 12
    assert {case.claim for case in cases} == {Claim.ALLOWED}
    assert {len(value["instances"]) for value in _values(contract, 9, rows=4)} == {4}


def test_sentences_and_fractions_of_examples_change_and_single_words_do_not(make: Make) -> None:
    lines = JSON + 'examples = "examples.jsonl"\nrequest = "schema.json"\n'
    shown = {"review": "it was good", "stars": 5, "weight": 2.5, "key": "A-17"}

    values = list(_values(make(lines, [shown]), 50))

    assert len(values) == 50
    assert {(value["stars"], value["key"]) for value in values} == {(5, "A-17")}
    assert {word for value in values for word in value["review"].split()} == {"it", "was", "good"}
    assert len({value["weight"] for value in values}) > 20


def test_without_a_schema_nobody_says_that_other_words_are_valid(make: Make) -> None:
    lines = JSON + 'examples = "examples.jsonl"\n'

    assert list(make(lines, [{"review": "it was good"}]).fresh()) == []


def test_without_examples_the_schema_is_drawn_from(make: Make) -> None:
    contract = make(JSON + 'request = "schema.json"\n')

    values = list(_values(contract, 40))

    assert len(values) == 40
    assert contract.request is not None
    assert all(contract.request.accepts(value) for value in values)
