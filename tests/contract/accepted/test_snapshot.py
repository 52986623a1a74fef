"""Snapshots: a contract as plain data, the schemas inlined."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract
from harness.contract.accepted.snapshot import Snapshot

Make = Callable[..., Gate]

TEXT = """protocol = "open-inference-v2"
dialect = "triton"
model = "digits"
max_batch = 4
volatile = ["$.id"]
response = "res.json"
[[contract.inputs]]
name = "x"
datatype = "INT64"
shape = ["batch", 2]
[[contract.outputs]]
name = "p"
shape = ["batch"]
"""


def test_a_snapshot_holds_what_the_contract_says_and_survives_json(make_gate: Make) -> None:
    contract = Contract.load(make_gate(TEXT, res_json='{"type": "object"}'))
    taken = Snapshot.of(contract, ["$.id", "$.at"])
    assert (taken.protocol, taken.dialect, taken.max_batch) == ("open-inference-v2", "triton", 4)
    assert taken.path == "/v2/models/digits/infer"
    assert (taken.request, taken.response) == (None, {"type": "object"})
    assert [tensor.name for tensor in (*taken.inputs, *taken.outputs)] == ["x", "p"]
    assert taken.volatile == ("$.id", "$.at")
    assert Snapshot.from_json(json.loads(json.dumps(taken.to_json()))) == taken


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": 1},
        {"max_batch": True},
        {"request": "schema"},
        {"volatile": [1]},
        {"inputs": [{"name": "x"}]},
        {"outputs": 5},
    ],
)
def test_what_is_no_snapshot_is_refused(make_gate: Make, wrong: dict[str, Any]) -> None:
    raw = Snapshot.of(Contract.load(make_gate(TEXT, res_json="true"))).to_json()
    with pytest.raises((KeyError, TypeError, ValueError)):
        Snapshot.from_json({**raw, **wrong})
