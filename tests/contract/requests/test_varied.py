"""Requests near the examples."""

from __future__ import annotations

from harness.contract.requests.cases import Example
from harness.contract.requests.chance import Chance
from harness.contract.requests.texts import RIGHT_TO_LEFT, RUNS, TEXTS
from harness.contract.requests.varied import mapped, nudged, varied


def test_every_text_takes_the_place_of_the_examples() -> None:
    shown = [Example({"text": "good", "n": 2.5}, line=3)]
    values = dict(varied(shown))
    every = [*TEXTS, *RIGHT_TO_LEFT, *RUNS, ""]
    assert [v["text"] for v in values.values() if v["text"] != "good"] == every
    assert all(v["n"] != 2.5 for v in values.values() if v["text"] == "good")


def test_a_nudged_number_keeps_its_kind() -> None:
    chance = Chance.seeded(1)
    assert [type(nudged(item, chance)) for item in (3, 300, 0.5, True, "a", None)] == [
        *(int, int, float, bool, str, type(None)),
    ]


def test_what_is_mapped_is_a_copy() -> None:
    value = {"a": [1, {"b": 2}]}
    assert mapped(value, lambda item: item + 1) == {"a": [2, {"b": 3}]}
    assert value == {"a": [1, {"b": 2}]}


def test_an_empty_text_stands_beside_others_that_are_not() -> None:
    values = dict(varied([Example(["good", "bad"], line=3)]))
    assert values["example on line 3 with its first text empty"] == ["", "bad"]


def test_no_example_no_request() -> None:
    assert list(varied([])) == []
