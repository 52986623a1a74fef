"""An error under status 200 is told apart from a result, a crash under a 4xx from a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.judging.disguise import crash_under_4xx, error_under_200


@pytest.mark.parametrize(
    "value",
    [
        {"error": "model not loaded"},
        {"error": {"code": 3, "message": "x"}, "status": 500},
        {"detail": "Internal Server Error"},
        {"status": "failed", "message": "x"},
        {"success": False, "message": "x"},
        {"errors": ["x"]},
        {"traceback": "x", "type": "y"},
    ],
)
def test_a_body_of_nothing_but_an_error_is_one(value: Any) -> None:
    assert error_under_200(value) != ""


@pytest.mark.parametrize(
    "value",
    [
        {"error": 0.25},
        {"error": None, "code": 0},
        {"error": "", "status": "ok"},
        {"error": "none", "positive": True},
        {"message": "good morning"},
        {"status": "succeeded"},
        {"detail": "x", "message": "y"},
        {},
        [{"error": "x"}],
        "error",
        None,
    ],
)
def test_a_result_is_none(value: Any) -> None:
    assert error_under_200(value) == ""


def test_a_refusal_with_a_trace_or_a_class_is_a_crash() -> None:
    trace = b'{"error_code": "BAD_REQUEST", "stack_trace": "Traceback (most recent call last):"}'
    assert crash_under_4xx(trace, "").startswith("a stack trace: ")
    assert crash_under_4xx(b'{"error": "KeyError: \'x\'"}', "").startswith("an exception class: ")
    assert crash_under_4xx(b'{"error": "no column x"}', "") == ""
    assert crash_under_4xx(b'{"error": "not a number: KeyError"}', '["KeyError"]') == ""
