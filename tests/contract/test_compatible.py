"""Compatibility of a whole contract with the one that was recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract, changes_since
from harness.contract.accepted.golden import Golden, Recorded
from harness.contract.accepted.snapshot import Snapshot
from harness.contract.wire.transport import Prepared
from harness.model import Candidate

Make = Callable[..., Gate]

TEXT = 'path = "/predict"\nexamples = "ex.jsonl"\n'
REQUEST = '{"type": "array", "items": {"type": "integer"}, "minItems": 1}'


def contract_of(make_gate: Make, more: str = "") -> Contract:
    """A contract with a schema of requests."""
    return Contract.load(
        make_gate(
            f'{TEXT}request = "req.json"\n{more}', ex_jsonl='{"request": [1]}', req_json=REQUEST
        )
    )


def golden(contract: Contract, body: bytes = b"[1]", **members: Any) -> Golden:
    """What was recorded of a contract, with other members."""
    asked = Recorded("example on line 1", Prepared("POST", "/predict", {}, body), 200, "", b"1")
    snapshot = replace(Snapshot.of(contract), **members)
    return Golden(Candidate("m", "m:1"), snapshot, "sha256:1", (asked,))


def rules(contract: Contract, recorded: Golden) -> dict[str, str]:
    """Rule -> severity."""
    return {item.rule: str(item.severity) for item in changes_since(recorded, contract)}


def test_a_contract_is_compatible_with_itself(make_gate: Make) -> None:
    contract = contract_of(make_gate)
    assert rules(contract, golden(contract)) == {}


WAS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"path": "/v1/predict"}, {"path-changed": "warning"}),
    ({"dialect": "triton"}, {"dialect-changed": "info"}),
    ({"max_batch": 8}, {"request-batch-widened": "info"}),
    ({"response": {"type": "object"}}, {"response-schema-removed": "error"}),
    ({"request": None}, {"request-schema-added": "info"}),
    ({"request": {"type": "array"}}, {"request-type-narrowed": "error"}),
]


@pytest.mark.parametrize(("members", "some"), WAS)
def test_each_part_of_a_contract_is_compared(
    make_gate: Make, members: dict[str, Any], some: dict[str, str]
) -> None:
    contract = contract_of(make_gate)
    assert some.items() <= rules(contract, golden(contract, **members)).items()


def test_fewer_rows_at_once_are_a_narrower_promise(make_gate: Make) -> None:
    contract = contract_of(make_gate, "max_batch = 4\n")
    assert rules(contract, golden(contract, max_batch=8)) == {"request-batch-narrowed": "error"}


def test_a_recorded_request_that_the_present_schema_forbids_is_an_error(make_gate: Make) -> None:
    contract = contract_of(make_gate)
    [finding] = changes_since(golden(contract, b'["text"]'), contract)
    assert finding.rule == "request-forbidden" and "example on line 1" in finding.message
    assert finding.location == "request#/items/type"


def test_a_rule_that_the_user_tolerates_is_a_warning(make_gate: Make) -> None:
    contract = contract_of(make_gate, 'max_batch = 4\ntolerate = ["request-batch-narrowed"]\n')
    assert rules(contract, golden(contract, max_batch=8)) == {"request-batch-narrowed": "warning"}
