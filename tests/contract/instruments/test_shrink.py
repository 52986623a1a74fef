"""Shrinking: a smaller request with the same finding, within a few requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract
from harness.contract.instruments.notes import Notes, Seen
from harness.contract.instruments.shrink import REQUESTS
from harness.testing import Handler, Reply, serve

TENSORS = """protocol = "tensorflow-serving"
inputs = [{ name = "x", shape = ["batch", 4], range = [0, 16] }]
"""
SCHEMA = '{"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1}'


@pytest.fixture
def contract(make_gate: Callable[..., Gate]) -> Contract:
    return Contract.load(make_gate(TENSORS))


def _rows(body: bytes) -> list[Any]:
    rows: list[Any] = json.loads(body)["instances"]
    return rows


def _told(contract: Contract, service: Handler, name: str) -> tuple[Seen, int]:
    """What is told of one case, and how many requests it took."""
    sent = [0]

    def counted(method: str, path: str, body: bytes) -> Reply:
        sent[0] += 1
        return service(method, path, body)

    case = next(case for case in contract.corpus.valid if case.name == name)
    with serve(counted) as fake:
        notes = Notes(contract, fake.base_url)
        exchange = contract.exchange(case, fake.base_url)
        notes.add(exchange, contract.rules.judge(exchange))
        return notes.told(), sent[0] - 1


def test_of_a_batch_with_one_bad_row_that_row_is_left(contract: Contract) -> None:
    case = next(case for case in contract.corpus.valid if case.name == "batch of 16")
    bad = case.value["instances"][11]

    def service(method: str, path: str, body: bytes) -> Reply:
        rows = _rows(body)
        if bad in rows:
            return Reply(b'{"error": "x"}', 500)
        return Reply(json.dumps({"predictions": rows}).encode())

    seen, sent = _told(contract, service, "batch of 16")
    assert "shrunk from" in seen.findings[0].message
    assert json.dumps({"instances": [bad]}, separators=(",", ":")) in seen.findings[0].reproduce
    assert sent <= REQUESTS


def test_what_cannot_be_smaller_is_shown_as_it_was(contract: Contract) -> None:
    def service(method: str, path: str, body: bytes) -> Reply:
        rows = _rows(body)
        return Reply(b"{}", 500) if len(rows) == 16 else Reply(b'{"predictions": []}')

    seen, sent = _told(contract, service, "batch of 16")
    assert "shrunk" not in seen.findings[0].message
    assert sent <= REQUESTS


def test_another_defect_is_not_taken_for_the_same(contract: Contract) -> None:
    def service(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"{}", 500) if len(_rows(body)) == 16 else Reply(b'{"predictions": 3}')

    assert "shrunk" not in _told(contract, service, "batch of 16")[0].findings[0].message


def test_a_server_that_does_not_answer_is_not_asked_again(contract: Contract) -> None:
    case = contract.corpus.valid[0]
    notes = Notes(contract, "http://127.0.0.1:1")
    exchange = contract.exchange(case, "http://127.0.0.1:1")
    notes.add(exchange, contract.rules.judge(exchange))
    assert "shrunk" not in notes.told().findings[0].message


def test_a_long_text_is_halved(make_gate: Callable[..., Gate]) -> None:
    gate = make_gate(
        'path = "/p"\nrequest = "s.json"\nexamples = "e.jsonl"\n',
        e_jsonl='{"request": ["a"]}',
        s_json=SCHEMA,
    )
    contract = Contract.load(gate)
    case = max(contract.corpus.valid, key=lambda case: len(case.prepared.body))

    def service(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"{}", 500) if len(body) > 20 else Reply(b"1.5")

    seen, sent = _told(contract, service, case.name)
    assert "shrunk from" in seen.findings[0].message
    assert len(seen.findings[0].reproduce) < 300
    assert sent <= REQUESTS
