"""Numbers and texts that meet several bounds at once."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.generate.conjunction import Conjunction, Impossible, Node
from harness.contract.generate.scalars import number, text
from harness.contract.requests.chance import Chance


def together(*schemas: dict[str, Any]) -> Conjunction:
    return Conjunction([Node(schema, None) for schema in schemas])


def test_steps_are_met_in_common() -> None:
    found = together({"multipleOf": 4, "minimum": 1}, {"multipleOf": 6, "maximum": 20})
    assert number(Chance.seeded(1), found, True) == 12


def test_a_step_below_one_has_no_dirt_in_its_digits() -> None:
    found = together({"multipleOf": 0.1, "minimum": 0.25, "maximum": 0.35})
    assert number(Chance.seeded(1), found, False) == 0.3


def test_an_excluded_end_is_not_drawn() -> None:
    found = together({"exclusiveMinimum": 0, "exclusiveMaximum": 1})
    least = number(Chance(lambda n: 0), found, False)
    most = number(Chance(lambda n: n - 1), found, False)
    assert 0 < least < most < 1


def test_an_empty_range_is_impossible() -> None:
    with pytest.raises(Impossible):
        number(Chance.seeded(1), together({"minimum": 2, "maximum": 1}), False)


def test_a_text_has_the_least_length_first_and_the_greatest_last() -> None:
    found = together({"minLength": 3}, {"maxLength": 5})
    assert text(Chance(lambda n: 0), found) == "xxx"
    assert text(Chance(lambda n: n - 1), found) == "xxxxx"


def test_a_text_has_all_patterns() -> None:
    drawn = text(Chance.seeded(1), together({"pattern": "^[ab]+$"}, {"pattern": "^a"}))
    assert drawn.startswith("a") and set(drawn) <= {"a", "b"}
