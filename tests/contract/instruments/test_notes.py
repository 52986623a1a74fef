"""Notes: what was looked at, what is tolerated, and what was left out is never passed over."""

from __future__ import annotations

from collections.abc import Callable

from harness import Severity
from harness.config import Gate
from harness.contract import Contract, Layer
from harness.contract.instruments.notes import Notes

GATE = 'path = "/p"\nexamples = "e.jsonl"\n'
URL = "http://127.0.0.1:1"


def _notes(make_gate: Callable[..., Gate], more: str = "") -> Notes:
    gate = make_gate(GATE + more, e_jsonl='{"request": ["a"]}')
    contract = Contract.load(gate)
    notes = Notes(contract, URL)
    exchange = contract.exchange(contract.corpus.valid[0], URL)
    notes.add(exchange, [exchange.finding("r", Layer.RESPONSE, "wrong")] if more else [])
    return notes


def test_requests_that_were_left_out_are_a_doubt(make_gate: Callable[..., Gate]) -> None:
    notes = _notes(make_gate)
    notes.left_out(3, "60 s were up")
    (found,) = notes.told().findings
    assert (found.rule, found.severity) == ("unsent", Severity.DOUBT)
    assert found.message.startswith(
        "response: 3 requests were left out: 60 s were up; a slow model"
    )
    assert "contract.corpus" in found.message


def test_nothing_left_out_is_nothing_to_say(make_gate: Callable[..., Gate]) -> None:
    notes = _notes(make_gate)
    notes.left_out(0, "")
    assert notes.told().findings == () and notes.told().count == 1


def test_a_rule_that_the_user_tolerates_is_a_warning(make_gate: Callable[..., Gate]) -> None:
    notes = _notes(make_gate, 'tolerate = ["r"]\n')
    assert [item.severity for item in notes.told().findings] == [Severity.WARNING]
    assert not notes.failed
