"""How far outputs lie apart, against what scipy says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr, softmax

from harness.accuracy.counting import Divergence, Scheme
from harness.accuracy.counting.divergence import diverged, jensen_shannon, kullback_leibler

LOGITS = Scheme(metric="accuracy", widths=(5, 5), scale="logits")


def _logits(rows: int = 50) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(0)
    first = 5 * chance.normal(size=(rows, 5))
    return first, first + chance.normal(size=(rows, 5))


def test_kullback_leibler_is_of_the_softmax() -> None:
    first, second = _logits()
    expected = rel_entr(softmax(first, axis=1), softmax(second, axis=1)).sum(axis=1)
    assert kullback_leibler(first, second) == pytest.approx(expected)


def test_logits_of_a_thousand_overflow_nothing() -> None:
    found = kullback_leibler(np.array([[1000.0, 0.0]]), np.array([[0.0, 1000.0]]))
    assert found == pytest.approx([1000.0])


def test_jensen_shannon_is_the_square_of_scipys_distance() -> None:
    first, second = (softmax(side, axis=1) for side in _logits())
    expected = jensenshannon(first, second, axis=1) ** 2
    assert jensen_shannon(first, second, 0.0) == pytest.approx(expected)


def test_probabilities_that_never_meet_are_ln_2_apart() -> None:
    found = jensen_shannon(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), 0.0)
    assert found == pytest.approx([math.log(2)])


def test_what_a_quantized_output_cannot_tell_from_zero_is_no_divergence() -> None:
    """Steps of 1/256: 0.0015 became 0, and both are raised to 1/512."""
    first, second = np.array([[0.9985, 0.0015]]), np.array([[1.0, 0.0]])
    assert jensen_shannon(first, second, 1 / 512)[0] < 1e-6
    assert jensen_shannon(first, second, 0.0)[0] > 5e-4


def test_signal_to_noise_and_cosine() -> None:
    x, y = np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[3.0, 3.5], [0.0, 0.0]])
    found = diverged(LOGITS, x, y)
    assert found.sqnr == pytest.approx(20 * math.log10(5 / 0.5))
    assert found.cosine == pytest.approx((9 + 14) / (5 * math.hypot(3, 3.5)))
    assert (found.rows, found.largest) == (2, 0.5)


def test_equal_outputs_have_no_noise() -> None:
    x = np.ones((3, 2), np.float32)
    assert diverged(LOGITS, x, x).sqnr == math.inf
    assert math.isnan(diverged(LOGITS, 0 * x, 0 * x).cosine)


def test_rows_are_compared_a_portion_at_a_time_with_the_same_result() -> None:
    """Wide rows: several portions. The sums are those of the parts."""
    chance = np.random.default_rng(1)
    x, y = chance.normal(size=(2, 100, 2_000))
    whole, parts = diverged(LOGITS, x, y), Divergence.none()
    for at in range(0, 100, 10):
        parts = parts + diverged(LOGITS, x[at : at + 10], y[at : at + 10])
    assert parts.rows == whole.rows == 100
    assert (parts.sqnr, parts.mean, parts.cosine, parts.largest) == pytest.approx(
        (whole.sqnr, whole.mean, whole.cosine, whole.largest)
    )
