"""Explaining: the violation that a person would name, and where it stands."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.schema.explain import pointer, sentence, violations
from harness.contract.schema.references import Library

LATEST = "Draft202012Validator"


def explained(document: Any, value: Any) -> list[tuple[str, str]]:
    found = violations(document, LATEST, Library(document), value)
    return [(item.path, item.message) for item in found]


def test_inside_anyof_the_branch_that_nearly_fits_is_named() -> None:
    document = {
        "anyOf": [
            {"type": "null"},
            {"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"]},
        ]
    }
    assert explained(document, {"score": "1"}) == [("$.score", "'1' is not of type 'number'")]


def test_a_missing_member_is_named_in_the_path() -> None:
    assert explained({"required": ["a", "b"]}, {"a": 1}) == [("$.b", "'b' is a required property")]


def test_at_most_twenty_are_told() -> None:
    assert len(explained({"items": {"type": "string"}}, list(range(100)))) == 20


@pytest.mark.parametrize("pattern", [r"^\p{Lu}$", r"^\cC$"])
def test_a_pattern_that_only_the_engine_reads_is_explained(pattern: str) -> None:
    assert [path for path, _ in explained({"pattern": pattern}, "x")] == ["$"]


def test_pointers_are_escaped() -> None:
    assert pointer(["a/b", 0, "~"]) == "#/a~1b/0/~0"


def test_a_long_message_is_cut() -> None:
    assert sentence("x" * 300) == "x" * 197 + "..."


def test_a_pattern_that_backtracks_for_ever_is_explained_at_once() -> None:
    document = {"properties": {"label": {"pattern": "^(a|a)*(a+)+$"}}}
    assert [path for path, _ in explained(document, {"label": "a" * 60 + "!"})] == ["$.label"]


def test_names_under_a_pattern_that_backtracks_for_ever_are_left_to_the_engine() -> None:
    document = {"patternProperties": {"^(a|a)*(a+)+$": {}}, "additionalProperties": False}
    assert explained(document, {"a" * 60 + "!": 1}) == []
