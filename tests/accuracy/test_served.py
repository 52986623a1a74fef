"""Accuracy through the wire: what the users of the candidate get."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import CandidateNotReady
from harness.accuracy import Comparison, ModelError, evaluate
from harness.config import Gate
from harness.contract import Contract
from harness.testing import Reply, serve

GOOD = np.eye(3, dtype=np.float32)
SaveLinear = Callable[..., Path]
MakeGate = Callable[..., Gate]
Answer = Callable[[Any], Any]


@pytest.fixture
def compared(
    tmp_path: Path, save_linear: SaveLinear, make_gate: MakeGate
) -> Callable[[Answer], Comparison]:
    """`compared(answer)`: a linear reference against a service that answers rows by `answer`."""
    labels = np.arange(30) % 3
    np.savez(tmp_path / "eval.npz", x=np.eye(3, dtype=np.float32)[labels], y=labels)
    save_linear("ref.onnx", GOOD)
    (tmp_path / "examples.jsonl").write_text('{"request": [[1, 0, 0]]}\n')
    extra = '[accuracy.served]\nrequest = ["$row"]\nanswer = "/class"\n'
    gate = make_gate(dataset="eval.npz", reference="ref.onnx", candidate="served", extra=extra)
    text = gate.path.read_text().replace('[accuracy]', 'examples = "examples.jsonl"\n[accuracy]', 1)
    gate.path.write_text(text)

    def compare(answer: Answer) -> Comparison:
        from harness.config import load

        def handle(method: str, path: str, body: bytes) -> Reply:
            found = answer(json.loads(body)[0])
            if isinstance(found, Reply):
                return found
            return Reply(json.dumps(found).encode())

        loaded = load(gate.path)
        with serve(handle) as endpoint:
            return evaluate(loaded, endpoint.base_url, Contract.load(loaded))

    return compare


def test_a_service_that_answers_classes(compared: Callable[[Answer], Comparison]) -> None:
    found = compared(lambda row: {"class": int(np.argmax(row))})
    assert found.table.both_right == found.table.n == 30
    assert found.candidate.digest is None
    assert found.candidate.runtime.startswith("the candidate at http://127.0.0.1:")


def test_a_service_that_answers_scores(compared: Callable[[Answer], Comparison]) -> None:
    """A service with its labels in another order is caught."""
    found = compared(lambda row: {"class": row[::-1]})
    assert (found.table.both_right, found.table.b) == (10, 20)


def test_rows_that_are_refused_count_as_wrong(compared: Callable[[Answer], Comparison]) -> None:
    def answer(row: list[float]) -> Any:
        if row[1] == 1:
            return Reply(b"boom", 500)
        return {"class": int(np.argmax(row))}

    found = compared(answer)
    assert found.candidate.unanswered == found.table.b == 10
    assert found.candidate.unanswered_row == 1
    assert found.candidate.problem == "status 500: boom"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"label": 1}', b"\xff", b"[" * 100_000])
def test_answers_that_cannot_be_read(
    compared: Callable[[Answer], Comparison], body: bytes
) -> None:
    found = compared(lambda row: Reply(body))
    assert found.candidate.unanswered == 30
    assert found.candidate.problem


@pytest.mark.parametrize("value", [None, {}, [[1], [1, 2]]])
def test_answers_that_mean_nothing(compared: Callable[[Answer], Comparison], value: Any) -> None:
    with pytest.raises(ModelError, match="served: the answers are not classes or scores"):
        compared(lambda row: {"class": value})


def test_a_candidate_that_is_gone(make_gate: MakeGate) -> None:
    """Connections refused are not wrong answers."""
    from harness.accuracy.served import ServedModel

    class _Contract:
        row_at_a_time = True

        def encode(self, rows: Any) -> Any:
            from harness.contract import Prepared

            return Prepared("POST", "/predict", {}, b"[]")

    model = ServedModel("http://127.0.0.1:9", _Contract(), 1)  # type: ignore[arg-type]
    with pytest.raises(CandidateNotReady, match="does not answer rows"):
        model.predict(np.zeros((1, 2)))
    model.close()
