"""Fisher's exact test."""

from __future__ import annotations

import pytest

from harness.load.statistics.shares import by_chance


def test_the_lady_tasting_tea_guesses_all_eight_cups_once_in_seventy_times() -> None:
    assert by_chance(4, 4, 0, 4) == pytest.approx(1 / 70)
    assert by_chance(3, 4, 1, 4) == pytest.approx(17 / 70)


def test_shares_that_are_alike_are_chance() -> None:
    assert by_chance(50, 500, 10, 100) > 0.4
    assert by_chance(0, 500, 0, 100) == pytest.approx(1.0)


def test_large_counts_are_no_trouble() -> None:
    assert by_chance(90_000, 100_000, 0, 12) < 1e-10


@pytest.mark.parametrize(("n", "m"), [(0, 10), (10, 0)])
def test_nothing_compared_is_no_evidence(n: int, m: int) -> None:
    assert by_chance(0, n, 0, m) == 1.0
