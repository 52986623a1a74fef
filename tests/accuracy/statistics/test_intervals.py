"""Intervals of one proportion reproduce published examples, and have the properties they must."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.accuracy import statistics
from harness.accuracy.statistics import Interval


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_reproduces_newcombes_table(successes: int, n: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17:857-872 (1998), table I, method 3."""
    found = statistics.wilson(successes, n, 0.95)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(13, 16, 0.5435, 0.9595), (10, 10, 0.6915, 1.0), (0, 10, 0.0, 0.3085)],
)
def test_clopper_pearson_reproduces_fagerlands_examples(
    successes: int, n: int, low: float, high: float
) -> None:
    """Ligarden et al. 2010 (13 of 16) in Fagerland, Lydersen and Laake, Statistical Analysis of
    Contingency Tables, chapter 2, and the ends of the scale: tests of the R package
    contingencytables."""
    found = statistics.clopper_pearson(successes, n, 0.95)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_a_limit_looks_at_one_end() -> None:
    """95 % one-sided is an interval of 90 %."""
    assert statistics.one_sided(0.95) == pytest.approx(0.9)


def test_no_harm_in_598_rows_leaves_half_a_point_possible() -> None:
    """ln 0.05 / ln 0.995 = 597.6 rows at one-sided 95 %."""
    assert statistics.unseen(598, 0.9) < 0.005 < statistics.unseen(597, 0.9)
    assert statistics.unseen(598, 0.9) == pytest.approx(
        statistics.clopper_pearson(0, 598, 0.9).high, abs=1e-12
    )


def test_an_interval_allows_for_what_too_few_rows_show() -> None:
    """No width becomes what no harm in the rows leaves possible; a wide one grows by half of it."""
    assert Interval(0.0, 0.0, 0.0).at_least(0.005) == Interval(0.0, -0.005, 0.005)
    found = Interval(0.0, -0.1, 0.1).at_least(0.005)
    assert found.high == -found.low == pytest.approx(0.1025, abs=1e-4)


@given(st.integers(0, 1000), st.integers(0, 1000), st.floats(0.5, 0.999))
@settings(max_examples=100, deadline=None)
def test_wilson_holds_its_estimate_and_is_symmetric(
    successes: int, failures: int, confidence: float
) -> None:
    n = successes + failures + 1
    found = statistics.wilson(successes, n, confidence)
    turned = statistics.wilson(n - successes, n, confidence)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low == pytest.approx(1 - turned.high, abs=1e-9)


@given(st.integers(0, 60), st.integers(1, 60), st.floats(0.01, 0.99))
@settings(max_examples=100, deadline=None)
def test_the_binomial_tail_is_the_sum_of_its_terms(k: int, n: int, p: float) -> None:
    expected = sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(min(k, n) + 1))
    assert statistics.binomial_tail(k, n, p) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("confidence", [1.0, -0.1, math.nan])
def test_a_confidence_that_is_none_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        statistics.wilson(1, 2, confidence)
