"""Conditions: a member of a body that has one of some values, wherever a pointer leads."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.protocol.conditions import Condition, found_at


@pytest.mark.parametrize(
    ("body", "pointer", "expected"),
    [
        ({"a": {"b": 1}}, "/a/b", [1]),
        ({"a": [{"b": 1}, {"b": 2}, {}]}, "/a/*/b", [1, 2]),
        ({"a/b": {"m~n": 3}}, "/a~1b/m~0n", [3]),
        ({"a": 1}, "", [{"a": 1}]),
        ({"a": 1}, "/a/b", []),
        ([1, 2], "/*", [1, 2]),
        ({"*": 4}, "/*", [4]),
        (None, "/a", []),
    ],
)
def test_a_pointer_leads_to_every_value(body: Any, pointer: str, expected: list[Any]) -> None:
    assert list(found_at(body, pointer)) == expected


@pytest.mark.parametrize(
    ("values", "value", "expected"),
    [
        (("READY",), "READY", True),
        (("READY",), "BUSY", False),
        ((True,), True, True),
        ((True,), 1, False),
        ((1,), True, False),
        ((), "anything", True),
        ((), None, False),
        ((), "", False),
        ((), False, False),
    ],
)
def test_a_value_is_met_by_its_type_and_itself(
    values: tuple[Any, ...], value: Any, expected: bool
) -> None:
    assert Condition("/a", values).met({"a": value}) is expected


def test_what_it_says_is_told_with_its_reason() -> None:
    failed = Condition("/status", ("failed",), "/error")
    assert failed.told({"status": "failed", "error": "no memory"}) == (
        'status = "failed": "no memory"'
    )
    assert failed.told({"status": "failed"}) == 'status = "failed"'
    assert failed.told({"status": "succeeded", "error": "no memory"}) == ""


def test_a_member_that_is_not_there_is_said_so() -> None:
    assert Condition("/status", ("READY",)).seen([]) == "no member /status"
