"""Copies with one value changed."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.mutants.values import mutants, places, replaced

VALUE = {"text": "good", "rows": [[1, 2.5], [3, 4.5]], "flag": True, "none": None}


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("42 as the whole request", 42),
        ("None instead of a value at $.text", {**VALUE, "text": None}),
        ("a missing member 'flag' at $", {k: v for k, v in VALUE.items() if k != "flag"}),
        ("an unknown member at $", {**VALUE, "unexpected": 1}),
        ("a list instead of an object at $", [VALUE]),
        ("an empty list at $.rows", {**VALUE, "rows": []}),
        ("a ragged list at $.rows", {**VALUE, "rows": [[1, 2.5], [3, 4.5], [3]]}),
        ("one item less at $.rows[0]", {**VALUE, "rows": [[1], [3, 4.5]]}),
        ("one item more at $.rows[1]", {**VALUE, "rows": [[1, 2.5], [3, 4.5, 4.5]]}),
        ("'not a number' instead of a value at $.rows[0][1]",)
        + ({**VALUE, "rows": [[1, "not a number"], [3, 4.5]]},),
    ],
)
def test_what_was_changed_is_said(name: str, mutant: Any) -> None:
    assert dict(mutants(VALUE))[name] == mutant


def test_the_request_itself_is_not_touched() -> None:
    before = repr(VALUE)
    assert len(list(mutants(VALUE))) > 40
    assert repr(VALUE) == before


def test_every_place_has_its_turn_before_any_has_its_second() -> None:
    names = [name for name, _ in mutants({"a": "x", "b": "y"})]
    assert names.index("42 instead of a value at $.b") < names.index(
        "None instead of a value at $.a"
    )


def test_of_a_long_list_only_the_ends_are_looked_into() -> None:
    assert len(list(places(list(range(1000))))) == 3


def test_replacing_shares_what_is_not_on_the_way() -> None:
    value = {"a": [1, 2], "b": [3]}
    changed = replaced(value, ("a", 0), 9)
    assert changed == {"a": [9, 2], "b": [3]} and changed["b"] is value["b"]
