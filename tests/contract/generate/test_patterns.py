"""Texts from regular expressions."""

from __future__ import annotations

import re

import pytest

from harness.contract.generate.conjunction import Impossible
from harness.contract.generate.patterns import matching
from harness.contract.requests.chance import Chance


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-f0-9]{8}$",
        r"^\d{3}-\w+\s?$",
        "^(foo|bar)+?[^x-z]*$",
        r"^(\w)\1$",
        "^.$",
        "a|b",
        r"^[^\d\s]{2}$",
        r"^\S\W\D$",
        "^(?:ab){2,}$",
    ],
)
def test_what_is_written_matches(pattern: str) -> None:
    assert all(re.search(pattern, matching(Chance.seeded(n), pattern)) for n in range(20))


@pytest.mark.parametrize(
    ("pattern", "python"),
    [
        (r"^\p{Lu}\p{Letter}+$", "^[A-Z][a-zA-Z]+$"),
        (r"^[\p{L}_]+$", "^[a-zA-Z_]+$"),
        (r"^\cC$", "^\x03$"),
        ("^(?<year>[0-9]{4})$", "^[0-9]{4}$"),
    ],
)
def test_what_ecmascript_has_and_python_has_not_is_written_too(pattern: str, python: str) -> None:
    assert all(re.search(python, matching(Chance.seeded(n), pattern)) for n in range(10))


@pytest.mark.parametrize("pattern", ["(", r"\p{Han}", "(a{4000}){4000}"])
def test_what_is_not_understood_is_impossible(pattern: str) -> None:
    with pytest.raises(Impossible):
        matching(Chance.seeded(1), pattern)
