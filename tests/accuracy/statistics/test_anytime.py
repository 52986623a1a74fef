"""The confidence sequence holds at every look, and depends on counts alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.accuracy import statistics


def test_at_the_margin_no_more_than_alpha_of_streams_ever_pass() -> None:
    """2,000 streams of 20,000 rows, looked at every 100: 1 % flips, a loss of exactly 0.5 pp.

    Passing at 5 % is allowed; a plain interval at every look passes about a quarter.
    """
    drawn = np.random.default_rng(11).multinomial(100, [0.0075, 0.0025, 0.99], size=(2_000, 200))
    b, c, _ = np.cumsum(drawn, axis=1).transpose(2, 0, 1)
    n = np.arange(1, 201) * 100
    passed = (statistics.log_evidence(b, c, n, 0.005) >= math.log(20)).any(axis=1)
    failed = (statistics.log_evidence(c, b, n, -0.005) >= math.log(20)).any(axis=1)
    assert passed.mean() <= 0.05
    assert failed.mean() <= 0.05


def test_the_capital_of_a_bettor_without_an_edge_is_fair() -> None:
    """At a loss of exactly the margin it stays 1 on average: summed over all tables of 60 rows."""
    n, p, q = 60, 0.15, 0.05
    tables = [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]
    b, c = np.array(tables).T
    logarithm = [math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(y + 1)
                 - math.lgamma(n - x - y + 1) for x, y in tables]  # fmt: skip
    chance = np.exp(
        logarithm + b * math.log(p) + c * math.log(q) + (n - b - c) * math.log1p(-p - q)
    )
    capital = np.exp(statistics.log_evidence(b, c, n, p - q))
    assert float(chance @ capital) == pytest.approx(1.0, abs=1e-9)


def test_a_fifth_of_alpha_is_for_looks_and_four_fifths_for_the_end() -> None:
    """One-sided 95 %: looks at 1 % (an interval of 98 %), the end at 4 % (of 92 %)."""
    look, end = statistics.shares(0.95, early=True)
    assert look == pytest.approx(0.98)
    assert end == pytest.approx(0.92)
    look, end = statistics.shares(0.95, early=False)
    assert look is None
    assert end == pytest.approx(0.9)


def test_clear_cases_end_after_hundreds_or_thousands_of_rows() -> None:
    """No flips in 1,320 rows certify 0.5 pp at 1 %; 15 lost of 100 rows refute it."""
    assert statistics.anytime(0, 0, 1_320, 0.98).high < 0.005
    assert statistics.anytime(15, 0, 100, 0.98).low > 0.005


def test_ten_million_rows_narrow_it_to_a_hundredth_of_a_point() -> None:
    """1 % flips: 3 hundredths of a point are told apart."""
    found = statistics.anytime(51_500, 48_500, 10_000_000, 0.9)
    assert 0.0001 < found.low < 0.0003 < found.high < 0.0005


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 5000), st.floats(0.5, 0.999))
@settings(max_examples=100, deadline=None)
def test_it_is_wider_than_an_interval_for_one_look_and_symmetric(
    b: int, c: int, rest: int, confidence: float
) -> None:
    n = b + c + rest + 1
    found, turned = (statistics.anytime(*x, n, confidence) for x in ((b, c), (c, b)))
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low == pytest.approx(-turned.high, abs=1e-12)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 5000), st.floats(0.001, 0.5))
@settings(max_examples=100, deadline=None)
def test_the_interval_is_all_that_bets_do_not_refute(
    b: int, c: int, rest: int, margin: float
) -> None:
    n = b + c + rest
    found, bound = statistics.anytime(b, c, n, 0.9), math.log(20)
    evidence = float(statistics.log_evidence(b, c, n, margin))
    if abs(found.high - margin) > 1e-9:
        assert (found.high < margin) == (evidence > bound)


@pytest.mark.parametrize(("b", "c", "n"), [(0, 0, 0), (2, 2, 3), (-1, 0, 5)])
def test_counts_that_do_not_fit_are_refused(b: int, c: int, n: int) -> None:
    with pytest.raises(ValueError):
        statistics.anytime(b, c, n, 0.95)
