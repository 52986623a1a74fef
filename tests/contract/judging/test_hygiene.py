"""Leaks are errors at any status; in a prediction a path or a class may be its result."""

from __future__ import annotations

import json
from typing import Any

from harness import Severity
from harness.contract import Answer, Case, Claim, Exchange, Prepared
from harness.contract.judging.hygiene import judge_leaks


def _judged(status: int, value: Any, sent: Any = None) -> list[tuple[Severity, str]]:
    case = Case("x", Prepared("POST", "/p", {}, json.dumps(sent).encode()), Claim.VALID)
    exchange = Exchange(case, Answer(status, body=json.dumps(value).encode()), "http://h:1")
    return [(item.severity, item.location) for item in judge_leaks(exchange)]


def test_a_class_in_a_refusal_is_an_error_with_its_place() -> None:
    assert _judged(400, {"error": "KeyError: 'x'"}) == [(Severity.ERROR, "$.error")]


def test_a_path_in_a_prediction_is_a_warning() -> None:
    assert _judged(200, {"text": "see /home/me/notes.txt"}) == [(Severity.WARNING, "$.text")]


def test_a_path_beside_a_prediction_is_an_error() -> None:
    value = {"positive": True, "model_path": "/app/models/m.onnx"}
    assert _judged(200, value) == [(Severity.ERROR, "$.model_path")]


def test_a_trace_is_an_error_also_in_a_prediction() -> None:
    text = "Traceback (most recent call last):"
    assert _judged(200, {"text": text}) == [(Severity.ERROR, "$.text")]


def test_an_echo_of_the_request_is_no_leak() -> None:
    assert _judged(400, {"error": "not in: KeyError at /home/me/x"}, "KeyError at /home/me/x") == []
