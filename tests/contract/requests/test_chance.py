"""Choices: the same for a seed, and shrinking towards the first."""

from __future__ import annotations

import pytest
from hypothesis import find, settings
from hypothesis import strategies as st

from harness.contract.requests.chance import Chance


def test_a_seed_gives_these_choices_for_ever() -> None:
    chance = Chance.seeded(1)
    assert [chance.below(10) for _ in range(8)] == [1, 8, 7, 2, 4, 4, 6, 7]


def test_numbers_beyond_the_doubles_are_drawn_within_their_bounds() -> None:
    chance = Chance.seeded(1)
    drawn = [chance.between(-(2**63), 2**63 - 1) for _ in range(50)]
    assert all(-(2**63) <= n < 2**63 for n in drawn)
    assert len({n % 1024 for n in drawn}) > 30


def test_a_shuffle_keeps_every_item() -> None:
    assert sorted(Chance.seeded(1).shuffled([3, 1, 2])) == [1, 2, 3]


def test_nothing_can_be_picked_from_nothing() -> None:
    with pytest.raises(ValueError, match="nothing to pick from"):
        Chance.seeded(1).pick([])


def test_what_hypothesis_draws_shrinks_to_the_first_item() -> None:
    def drawn(source: object) -> str:
        return Chance.drawn(source).pick(["a", "b", "c", "d"])  # type: ignore[arg-type]

    found = find(
        st.randoms(use_true_random=False).map(drawn),
        lambda item: item != "a",
        settings=settings(database=None, deadline=None),
    )
    assert found == "b"
