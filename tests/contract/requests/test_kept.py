"""Kept requests: read again as long as the contract says the same of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.config import Gate
from harness.contract import Case, Claim, Contract
from harness.contract.requests.cases import prepared
from harness.contract.requests.kept import files, forget, frozen, keep, read

Make = Callable[..., Gate]
CONTRACT = """protocol = "kserve-v1"
[[contract.inputs]]
name = "x"
shape = ["batch", 2]
range = [0, 1]
"""
PATH = "/v1/models/m:predict"


def case(body: bytes, value: object, claim: Claim = Claim.ALLOWED) -> Case:
    return Case("found", prepared(PATH, body), claim, value)


ROW = case(b'{"instances":[[0.5,0.25]]}', {"instances": [[0.5, 0.25]]})
SHORT = case(b'{"instances":[[0.5]]}', {"instances": [[0.5]]}, Claim.INVALID)


@pytest.fixture
def contract(make_gate: Make) -> Contract:
    return Contract.load(make_gate(CONTRACT))


def test_a_case_is_kept_once(contract: Contract) -> None:
    assert keep(contract, [ROW, SHORT]) == 2
    assert keep(contract, [ROW]) == 2
    bodies = {item.prepared.body for item in read(contract)}
    assert bodies == {SHORT.prepared.body, ROW.prepared.body}


def test_a_case_that_the_contract_claims_otherwise_today_is_passed_over(
    contract: Contract, make_gate: Make
) -> None:
    keep(contract, [ROW])
    narrow = Contract.load(make_gate(CONTRACT.replace("[0, 1]", "[3, 4]")))
    assert read(narrow) == []
    forget(narrow)
    assert len(read(contract)) == 1


def test_a_gate_of_another_protocol_in_the_same_folder_has_its_own(
    contract: Contract, make_gate: Make
) -> None:
    keep(contract, [ROW])
    other = Contract.load(make_gate(CONTRACT.replace("kserve-v1", "open-inference-v2")))
    assert read(other) == []


def test_a_file_of_somebody_else_is_passed_over(contract: Contract) -> None:
    keep(contract, [ROW])
    files(contract)[0].with_name("notes.jsonl").write_text("mine", encoding="utf-8")
    assert len(read(contract)) == 1


def test_a_folder_that_cannot_be_written_keeps_nothing_and_raises_nothing(
    contract: Contract, tmp_path: Path
) -> None:
    (tmp_path / ".gate").write_text("a file in the way", encoding="utf-8")
    assert keep(contract, [ROW]) == 0


def test_only_what_the_corpus_does_not_have_is_new(contract: Contract) -> None:
    keep(contract, [ROW, contract.corpus.valid[0]])
    corpus, new = frozen(contract)
    assert new == 1
    assert corpus.valid[-1].prepared == ROW.prepared


def test_what_was_frozen_is_forgotten(contract: Contract) -> None:
    keep(contract, [ROW])
    forget(contract)
    assert files(contract) == []
