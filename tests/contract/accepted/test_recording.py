"""Recording: what is stable is kept, what is not is named, what breaks the contract is refused."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract, Recording, read_golden, record, write_golden
from harness.model import Candidate
from harness.testing import Reply, serve

Make = Callable[..., Gate]
Say = Callable[[int], Any]

TEXT = 'path = "/predict"\nexamples = "ex.jsonl"\nresponse = "res.json"'
EXAMPLES = '{"request": [1]}\n{"request": [2]}\n{"request": [3]}'
RESPONSE = '{"type": "object", "required": ["label"], "properties": {"label": {"type": "integer"}}}'
SUBJECT = Candidate("m", "m:1", "sha256:abc")


def recorded(make_gate: Make, say: Say, more: str = "", response: str = RESPONSE) -> Recording:
    """What comes of recording a service that answers `say(row)`."""
    contract = Contract.load(make_gate(TEXT + more, ex_jsonl=EXAMPLES, res_json=response))

    def answer(method: str, path: str, body: bytes) -> Reply:
        return Reply(json.dumps(say(json.loads(body)[0])).encode())

    with serve(answer) as fake:
        return record(contract, fake.base_url, SUBJECT)


def test_every_stable_answer_is_kept_with_its_exact_bytes(make_gate: Make, tmp_path: Path) -> None:
    golden = recorded(make_gate, lambda row: {"label": row}).golden
    assert golden is not None
    assert {(item.prepared.body, item.body) for item in golden.answers} == {
        (b"[1]", b'{"label": 1}'),
        (b"[2]", b'{"label": 2}'),
        (b"[3]", b'{"label": 3}'),
    }
    assert golden.subject == SUBJECT
    assert golden.contract.response == json.loads(RESPONSE)
    assert golden.corpus.startswith("sha256:") and golden.left_out == {}
    write_golden(golden, tmp_path / "golden.json")
    assert read_golden(tmp_path / "golden.json") == golden


def test_an_answer_that_changes_is_named_and_left_out(make_gate: Make) -> None:
    count = itertools.count()
    golden = recorded(make_gate, lambda row: {"label": next(count) if row == 2 else row}).golden
    assert golden is not None
    assert {item.prepared.body for item in golden.answers} == {b"[1]", b"[3]"}
    assert list(golden.left_out) == ["example on line 2"]
    assert "unstable" in golden.left_out["example on line 2"]


def test_what_may_differ_each_time_does_not_make_an_answer_unstable(make_gate: Make) -> None:
    count = itertools.count()
    more = '\nvolatile = ["$.number"]'
    golden = recorded(make_gate, lambda row: {"label": row, "number": next(count)}, more).golden
    assert golden is not None
    assert len(golden.answers) >= 3 and "$.number" in golden.contract.volatile


def test_answers_that_break_the_contract_are_not_recorded(make_gate: Make) -> None:
    recording = recorded(make_gate, lambda row: {"label": "one"})
    assert recording.golden is None
    assert [finding.rule for finding in recording.findings] == ["response-schema"]


def test_an_example_that_is_not_met_is_not_recorded(make_gate: Make) -> None:
    gate = make_gate(TEXT, ex_jsonl='{"request": [1], "response": {"label": 9}}', res_json="true")
    with serve(lambda *words: Reply(b'{"label": 1}')) as fake:
        recording = record(Contract.load(gate), fake.base_url, SUBJECT)
    assert recording.golden is None and recording.findings


def test_a_service_that_is_never_the_same_cannot_be_recorded(make_gate: Make) -> None:
    count = itertools.count()
    recording = recorded(make_gate, lambda row: {"label": next(count)})
    assert recording.golden is None
    assert [finding.rule for finding in recording.findings] == ["unstable"]


def test_what_would_make_the_file_too_large_is_left_out(
    make_gate: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.contract.accepted.recording._MOST_BYTES", 40)
    golden = recorded(make_gate, lambda row: {"label": row}).golden
    assert golden is not None
    assert [item.name for item in golden.answers] == ["example on line 1", "example on line 2"]
    assert golden.left_out["example on line 3"] == "too large for a golden file"
