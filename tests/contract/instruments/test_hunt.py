"""The search: it stops when told, raises nothing of its own, and hides nobody else's errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Case, Claim, Contract, Prepared
from harness.contract.instruments.hunt import TimeIsUp, explores, failure, hunt, seed_of

Make = Callable[..., Gate]
REQUEST = '{"type": "array", "items": {"type": "integer"}, "minItems": 1}'


def numbers() -> Any:
    from hypothesis import strategies as st

    return st.integers(0, 1000).map(
        lambda n: Case(f"{n}", Prepared("POST", "/"), Claim.VALID, value=n)
    )


def test_it_draws_at_most_as_many_as_were_asked_for() -> None:
    seen: list[Case] = []

    def look(case: Case) -> list[tuple[str, float]]:
        seen.append(case)
        return []

    hunt(look, numbers(), 1, 25)
    assert len(seen) == 25


def test_it_ends_when_the_time_is_up() -> None:
    seen: list[Case] = []

    def look(case: Case) -> list[tuple[str, float]]:
        seen.append(case)
        if len(seen) == 3:
            raise TimeIsUp
        return []

    hunt(look, numbers(), 1)
    assert len(seen) == 3


def test_what_fails_is_shrunk_each_kind_apart() -> None:
    smallest = {"large": 1000, "odd": 1000}

    def look(case: Case) -> list[tuple[str, float]]:
        for kind, wrong in (("large", case.value > 100), ("odd", case.value % 2 == 1)):
            if wrong:
                smallest[kind] = min(smallest[kind], case.value)
                raise failure(kind, "wrong")
        return []

    hunt(look, numbers(), 1)
    assert smallest == {"large": 101, "odd": 1}


def test_an_error_of_our_own_is_not_swallowed() -> None:
    def look(case: Case) -> list[tuple[str, float]]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        hunt(look, numbers(), 1)


def test_the_seed_follows_from_the_contract_and_the_gate(make_gate: Make) -> None:
    def seed(more: str = "", request: str = REQUEST) -> int:
        text = f'path = "/p"\nrequest = "req.json"\n{more}'
        return seed_of(Contract.load(make_gate(text, req_json=request)))

    assert seed() == seed()
    assert seed() != seed("seed = 2")
    assert seed() != seed(request=REQUEST.replace("1", "2"))


def test_no_time_is_no_search(make_gate: Make) -> None:
    text = 'path = "/p"\nrequest = "req.json"\n'
    assert explores(make_gate(text, req_json=REQUEST))
    assert not explores(make_gate(f'{text}explore = "0 s"', req_json=REQUEST))
