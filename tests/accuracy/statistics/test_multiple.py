"""Holm's procedure."""

from __future__ import annotations

import pytest

from harness.accuracy.statistics import holm


def test_holm_reproduces_the_textbook_example() -> None:
    """Wikipedia, "Holm-Bonferroni method": 0.01, 0.04, 0.03, 0.005 at 5 % reject the first and the
    last. Adjusted by the formula there: 0.03, 0.06, 0.06, 0.02."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_adjusted_values_never_pass_one() -> None:
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_nothing_tested_is_nothing_adjusted() -> None:
    assert holm([]) == []
