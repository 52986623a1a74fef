"""Binomial tails and the ranks that follow from them."""

from __future__ import annotations

import math

import pytest

from harness import binomial


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1000, (983, 997)), (3000, (2959, 2981)), (10000, (9880, 9920)), (30000, (29666, 29734))],
)
def test_ranks_of_p99_are_the_published_ones(n: int, expected: tuple[int, int]) -> None:
    assert binomial.ranks(n, 0.99, 0.95) == expected


@pytest.mark.parametrize(("p", "expected"), [(0.9, 44), (0.95, 90), (0.99, 459), (0.999, 4603)])
def test_least_samples_are_those_of_mlperf(p: float, expected: int) -> None:
    assert binomial.least_samples(p) == expected


def test_least_samples_at_95_percent() -> None:
    assert binomial.least_samples(0.99, 0.95) == 299


@pytest.mark.parametrize(("k", "n", "p"), [(0, 20, 0.1), (3, 20, 0.1), (19, 20, 0.97)])
def test_tails_equal_the_sum_of_their_terms(k: int, n: int, p: float) -> None:
    terms = [math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(n + 1)]
    assert binomial.at_most(k, n, p) == pytest.approx(sum(terms[: k + 1]), abs=1e-12)
    assert binomial.at_least(k, n, p) == pytest.approx(sum(terms[k:]), abs=1e-12)


def test_clopper_pearson_without_a_hit_has_a_closed_form() -> None:
    low, high = binomial.clopper_pearson(0, 1500, 0.95)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 1500), rel=1e-9)


def test_clopper_pearson_of_half() -> None:
    low, high = binomial.clopper_pearson(5, 10, 0.95)
    assert low == pytest.approx(0.18708603, rel=1e-6)
    assert high == pytest.approx(0.81291397, rel=1e-6)
