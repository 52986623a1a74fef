"""Tensors that nobody named, from rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.config import load
from harness.contract import Contract
from harness.init.ask import Asking
from harness.init.guess import enriched, inputs_of, outputs_of
from harness.testing import Reply, serve


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """A contract of rows, of which only an example is known."""
    (tmp_path / "ex.jsonl").write_text('{"request": {"instances": [[1, 2]]}}')
    text = 'version = 1\n[candidate]\nname = "m"\nurl = "http://127.0.0.1:1"\n[contract]\n'
    text += 'protocol = "tensorflow-serving"\nexamples = "ex.jsonl"\n'
    (tmp_path / "gate.toml").write_text(text)
    return Contract.load(load(tmp_path / "gate.toml"))


def _guessed(
    contract: Contract, example: Any, serves: Callable[[list[Any]], bool]
) -> list[tuple[str, str, list[int | str]]]:
    def answer(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"{}", 200 if serves(json.loads(body)["instances"]) else 400)

    with serve(answer) as fake:
        found = inputs_of(contract, Asking(fake.base_url), [example])
    return [(tensor.name, tensor.datatype, tensor.shape) for tensor in found]


def test_rows_that_are_served_twice_are_a_batch_and_half_a_number_is_a_real(
    contract: Contract,
) -> None:
    example = {"instances": [[1, 2]]}
    assert _guessed(contract, example, lambda rows: True) == [("inputs", "FP32", ["batch", 2])]
    whole = _guessed(contract, example, lambda rows: type(rows[0][0]) is int)
    assert whole == [("inputs", "INT64", ["batch", 2])]
    assert _guessed(contract, example, lambda rows: len(rows) == 1) == [("inputs", "FP32", [1, 2])]


def test_members_of_rows_are_a_tensor_each(contract: Contract) -> None:
    example = {"instances": [{"text": "a", "flag": True, "n": [1, 2]}]}
    assert _guessed(contract, example, lambda rows: type(rows[0]["n"][0]) is int) == [
        ("text", "BYTES", ["batch"]),
        ("flag", "BOOL", ["batch"]),
        ("n", "INT64", ["batch", 2]),
    ]


def test_outputs_are_what_all_answers_have_in_common(contract: Contract) -> None:
    def answer(method: str, path: str, body: bytes) -> Reply:
        rows = json.loads(body)["instances"]
        return Reply(json.dumps({"predictions": [[0.25, 0.75] for _ in rows]}).encode())

    with serve(answer) as fake:
        asking = Asking(fake.base_url)
        sent = [{"instances": [[1, 2]] * n} for n in (1, 3)]
        exchanges = [asking.value(contract.predict_path, value) for value in sent]
    found = enriched(outputs_of(contract.form, exchanges), contract.form, exchanges)
    assert [(t.name, t.datatype, t.shape, t.range, t.sums_to) for t in found] == [
        ("outputs", "FP32", ["batch", 2], [0.0, 1.0], 1.0)
    ]
