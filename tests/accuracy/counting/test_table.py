"""Four counts of the same rows."""

from __future__ import annotations

import numpy as np
import pytest

from harness.accuracy.counting import Table
from harness.accuracy.statistics import paired


def test_accuracies_and_flips_follow_from_the_counts() -> None:
    table = Table(n=200, both_right=150, b=20, c=10, w=5)
    assert (table.reference_accuracy, table.candidate_accuracy) == pytest.approx((85, 80))
    assert table.flips == pytest.approx(0.15)
    assert table.drop(0.9) == paired(20, 10, 200, 0.9).scaled(100)


def test_tables_add_up() -> None:
    cells = np.array([5, 1, 2, 3, 4])
    assert Table.of(cells) + Table.of(cells) == Table.of(2 * cells) == Table(30, 10, 2, 4, 6)
