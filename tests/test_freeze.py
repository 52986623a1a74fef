"""`gate freeze`: the requests of a gate in a file, and those that failed while exploring in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.config import load
from harness.contract import Contract
from harness.contract.requests.cases import Case, Claim, prepared
from harness.contract.requests.kept import files, keep

GATE = """version = 1
[candidate]
name = "m"
url = "http://127.0.0.1:1"
[contract]
protocol = "kserve-v1"
{more}
[[contract.inputs]]
name = "x"
shape = ["batch", 2]
range = [0, 1]
"""
FAILING = b'{"instances":[[0.125,0.25]]}'


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(GATE.format(more=""), encoding="utf-8")
    return path


def frozen_gate(gate: Path) -> Path:
    gate.write_text(GATE.format(more='corpus = "corpus.jsonl"'), encoding="utf-8")
    return gate


def keep_one(gate: Path) -> None:
    value = json.loads(FAILING)
    case = Case("found", prepared("/v1/models/m:predict", FAILING), Claim.ALLOWED, value)
    assert keep(Contract.load(load(gate)), [case]) == 1


def test_the_frozen_requests_are_those_that_the_contract_makes(
    gate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Contract.load(load(gate)).corpus.sha256
    assert main(["freeze", str(gate)]) == 0
    told = capsys.readouterr().out
    assert f"sha256:{made}" in told
    assert 'corpus = "corpus.jsonl"' in told
    assert Contract.load(load(frozen_gate(gate))).corpus.sha256 == made


def test_what_was_kept_is_frozen_and_no_longer_lies_about(
    gate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_one(gate)
    assert main(["freeze", str(gate)]) == 0
    assert "1 of them found while exploring" in capsys.readouterr().out
    assert files(Contract.load(load(gate))) == []
    corpus = Contract.load(load(frozen_gate(gate))).corpus
    assert FAILING in [case.prepared.body for case in corpus.valid]


def test_a_second_freeze_adds_to_the_file_that_the_gate_names(gate: Path) -> None:
    assert main(["freeze", str(frozen_gate(gate))]) == 0
    before = Contract.load(load(gate)).corpus
    keep_one(gate)
    assert main(["freeze", str(gate)]) == 0
    assert len(Contract.load(load(gate)).corpus.valid) == len(before.valid) + 1


def test_another_file_is_not_replaced(gate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = gate.with_name("corpus.jsonl")
    other.write_text("mine", encoding="utf-8")
    assert main(["freeze", str(gate)]) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert other.read_text(encoding="utf-8") == "mine"


def test_a_contract_that_changed_is_frozen_anew(
    gate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["freeze", str(frozen_gate(gate))]) == 0
    gate.write_text(gate.read_text(encoding="utf-8").replace("[0, 1]", "[7, 9]"), encoding="utf-8")
    assert main(["freeze", str(gate)]) == 2
    assert "corpus.jsonl" in capsys.readouterr().err
    assert main(["freeze", str(gate), "--anew"]) == 0
    assert Contract.load(load(gate)).corpus.valid
