"""The intervals reproduce published examples and have the properties that intervals must have."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.accuracy import statistics


def test_tango_reproduces_the_consolidation_therapy_example() -> None:
    """Cavo et al. 2012 in Fagerland, Lydersen and Laake, Statistical Analysis of Contingency
    Tables, chapter 8: the table 59, 6, 16, 80 gives -0.1240 to -0.0054."""
    found = statistics.tango(6, 16, 161, 0.95)
    assert (round(found.value, 4), round(found.low, 4), round(found.high, 4)) == (
        -0.0621,
        -0.1240,
        -0.0054,
    )


def test_newcombe_reproduces_the_consolidation_therapy_example() -> None:
    """The same table, method 10 of Newcombe 1998: -0.1186 to -0.0046."""
    found = statistics.newcombe(6, 16, 161, 59, 0.95)
    assert (round(found.low, 4), round(found.high, 4)) == (-0.1186, -0.0046)


def test_mcnemar_reproduces_the_consolidation_therapy_example() -> None:
    """The same table: the exact conditional test gives P = 0.052479."""
    assert round(statistics.mcnemar(6, 16), 6) == 0.052479


def test_tango_reaches_the_end_of_the_scale() -> None:
    """Of 3 rows all 3 were lost: -0.1230 to 1.0000 (tests of the R package contingencytables)."""
    found = statistics.tango(3, 0, 3, 0.95)
    assert (round(found.low, 4), found.high) == (-0.1230, 1.0)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)
def test_wilson_reproduces_newcombes_table(
    successes: int, n: int, low: float, high: float
) -> None:
    """Newcombe, Statistics in Medicine 17:857-872 (1998), table I, method 3."""
    found = statistics.wilson(successes, n, 0.95)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_no_flips_in_899_rows_certify_less_than_half_a_point() -> None:
    """With b = c = 0 Tango's limit is z^2 / (n + z^2): a perfect result still has an interval."""
    z = 1.959963984540054
    assert statistics.tango(0, 0, 899, 0.95).high == pytest.approx(z**2 / (899 + z**2), abs=1e-12)


def test_one_sided_levels() -> None:
    """A limit looks at one end: 95 % one-sided is an interval of 90 %."""
    assert statistics.one_sided(0.95) == pytest.approx(0.9)


def test_a_candidate_at_the_margin_passes_in_five_percent_of_tables() -> None:
    """Summed exactly over all tables of n = 100 with P(b) = 0.06 and P(c) = 0.01."""
    n, lost, won, passed = 100, 0.06, 0.01, 0.0
    for b in range(31):
        for c in range(16):
            chance = math.exp(
                math.lgamma(n + 1) - math.lgamma(b + 1) - math.lgamma(c + 1)
                - math.lgamma(n - b - c + 1) + b * math.log(lost) + c * math.log(won)
                + (n - b - c) * math.log(1 - lost - won)
            )
            if statistics.tango(b, c, n, 0.9).high <= lost - won:
                passed += chance
    assert 0.02 < passed < 0.056


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 2000), st.floats(0.5, 0.999))
@settings(max_examples=150, deadline=None)
def test_tango_holds_its_estimate_and_is_symmetric(
    b: int, c: int, rest: int, confidence: float
) -> None:
    """The interval holds the estimate, stays in [-1, 1], and turns round with b and c."""
    n = b + c + rest + 1
    found, turned = statistics.tango(b, c, n, confidence), statistics.tango(c, b, n, confidence)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low == pytest.approx(-turned.high, abs=1e-9)
    assert found.high == pytest.approx(-turned.low, abs=1e-9)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 1000))
@settings(max_examples=100, deadline=None)
def test_tango_grows_with_the_rows_that_were_lost(b: int, c: int, rest: int) -> None:
    """One row more that the candidate loses, in place of one that both get right."""
    n = b + c + rest
    before, after = statistics.tango(b, c, n, 0.9), statistics.tango(b + 1, c, n, 0.9)
    assert after.low >= before.low - 1e-12
    assert after.high >= before.high - 1e-12


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 500), st.floats(0.5, 0.98))
@settings(max_examples=100, deadline=None)
def test_more_confidence_is_a_wider_interval(b: int, c: int, rest: int, confidence: float) -> None:
    n = b + c + rest
    narrow = statistics.tango(b, c, n, confidence)
    wide = statistics.tango(b, c, n, confidence + 0.01)
    assert wide.low <= narrow.low + 1e-12
    assert wide.high >= narrow.high - 1e-12


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300), st.integers(1, 300))
@settings(max_examples=100, deadline=None)
def test_newcombe_holds_its_estimate_and_is_symmetric(
    both_right: int, b: int, c: int, both_wrong: int
) -> None:
    n = both_right + b + c + both_wrong
    found = statistics.newcombe(b, c, n, both_right, 0.95)
    turned = statistics.newcombe(c, b, n, both_right, 0.95)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low == pytest.approx(-turned.high, abs=1e-9)


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


def test_the_one_sided_test_of_harm() -> None:
    """7 lost and 1 won of 8 flips: (1 + 8) / 256, and 247 + 8 of 256 the other way round."""
    assert statistics.worse(7, 1) == pytest.approx(9 / 256)
    assert statistics.worse(1, 7) == pytest.approx(255 / 256)


@pytest.mark.parametrize(("b", "c", "n"), [(0, 0, 0), (2, 2, 3), (-1, 0, 5)])
def test_counts_that_do_not_fit_are_refused(b: int, c: int, n: int) -> None:
    with pytest.raises(ValueError):
        statistics.tango(b, c, n, 0.95)


def test_a_confidence_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="confidence 1"):
        statistics.wilson(1, 2, 1.0)
