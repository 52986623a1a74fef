"""DeLong's interval reproduces his own example, and does not hide what it cannot see."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.accuracy import statistics

# DeLong, DeLong and Clarke-Pearson, Biometrics 44:837-845 (1988): 43 patients with ovarian cancer
# (the complete records, as in SAS/STAT User's Guide, "Comparing Receiver Operating Characteristic
# Curves"): albumin, total protein, K-G score, benefit of surgery.
_PATIENTS = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0
1.6 5.6 5 1   3.8 5.7 5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1
4.3 7.0 4 1   3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0  4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1
3.0 4.7 8 0   4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1
3.2 5.1 5 1   2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1
3.5 6.2 5 1   2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1
3.6 6.6 5 1
"""
_TABLE = np.array(_PATIENTS.split(), np.float64).reshape(-1, 4)


@pytest.mark.parametrize(
    ("column", "area", "low", "high"), [(0, 0.7366, -0.1761, 0.1976), (1, 0.6478, -0.2830, 0.1271)]
)
def test_delong_reproduces_his_example(column: int, area: float, low: float, high: float) -> None:
    """Albumin and total protein against the K-G score, as SAS prints areas and limits."""
    benefit, score = _TABLE[:, 3] == 1, 10 - _TABLE[:, 2]
    first, second, found = statistics.delong(benefit, _TABLE[:, column], score, 0.95)
    assert (round(first, 4), round(second, 4)) == (area, 0.7258)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    """Positives 3, 2, 2; negatives 1, 2: 4 pairs in order, 2 ties of 6."""
    labels, scores = np.array([1, 1, 1, 0, 0], bool), np.array([3.0, 2.0, 2.0, 1.0, 2.0])
    area, other, found = statistics.delong(labels, scores, -scores, 0.9)
    assert area == pytest.approx(5 / 6)
    assert other == pytest.approx(1 / 6)
    assert found.value == pytest.approx(4 / 6)


def test_the_order_of_rows_and_the_scale_of_scores_do_not_matter() -> None:
    chance = np.random.default_rng(3)
    labels, first, second = chance.random(500) < 0.3, chance.random(500), chance.random(500)
    shuffled = chance.permutation(500)
    found = statistics.delong(labels, first, second, 0.9)[2]
    moved = statistics.delong(labels[shuffled], np.exp(first)[shuffled], second[shuffled], 0.9)[2]
    assert (moved.low, moved.high) == pytest.approx((found.low, found.high), abs=1e-12)


def test_one_label_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="rarer of the two labels has 1 rows"):
        statistics.delong([True, False, False], [1, 2, 3], [1, 2, 3], 0.9)


def test_nan_is_refused() -> None:
    labels = [True, True, False, False]
    with pytest.raises(ValueError, match="NaN or infinite"):
        statistics.delong(labels, [1, 2, 3, math.nan], [1, 2, 3, 4], 0.9)
