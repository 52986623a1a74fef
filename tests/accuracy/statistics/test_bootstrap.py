"""Resampling gives known intervals where they are known, and the same ones every time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.accuracy import statistics

Array = NDArray[Any]

# Efron and Tibshirani, An Introduction to the Bootstrap (1993), table 3.1: LSAT and GPA of the
# classes of 15 law schools.
_LSAT = np.array([576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594.0])
_GPA = np.array([339, 330, 281, 303, 344, 307, 300, 343, 336, 313, 312, 274, 276, 288, 296.0])


def _mean(rows: Array) -> float:
    return float(rows.mean())


def _difference(tables: Array) -> Array:
    found: Array = (tables[:, 1] - tables[:, 2]) / tables.sum(axis=1)
    return found


def _correlation(first: Array, second: Array) -> float:
    return float(np.corrcoef(first, second)[0, 1])


def test_the_law_schools_of_efron() -> None:
    """The correlation is 0.776; scipy.stats.bootstrap gives 0.427 to 0.926 at 90 % (BCa, paired,
    60,000 resamples)."""
    found = statistics.bootstrap(_correlation, [_LSAT, _GPA], 0.9, 1, replicates=8_000)
    assert round(found.value, 3) == 0.776
    assert found.low == pytest.approx(0.427, abs=0.025)
    assert found.high == pytest.approx(0.926, abs=0.01)


def test_of_a_mean_it_is_nearly_students_interval() -> None:
    rows = np.random.default_rng(5).normal(size=400)
    found = statistics.bootstrap(_mean, [rows], 0.9, 1)
    half = 1.645 * rows.std(ddof=1) / 20
    assert found.low == pytest.approx(rows.mean() - half, abs=0.01)
    assert found.high == pytest.approx(rows.mean() + half, abs=0.01)


def test_of_a_table_it_is_nearly_tangos_interval() -> None:
    found = statistics.multinomial_bootstrap([9_000, 550, 400, 50], _difference, 0.9, 1)
    expected = statistics.tango(550, 400, 10_000, 0.9)
    assert found.value == pytest.approx(0.015)
    assert found.low == pytest.approx(expected.low, abs=4e-4)
    assert found.high == pytest.approx(expected.high, abs=4e-4)


def test_rows_and_their_table_agree() -> None:
    """The same 2,000 rows one by one, and counted."""
    rows = np.repeat([0.0, 1.0, -1.0], [1_850, 100, 50])
    one = statistics.bootstrap(_mean, [rows], 0.9, 1)
    other = statistics.multinomial_bootstrap([1_850, 100, 50], _difference, 0.9, 1)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1.5e-3)


def test_the_same_seed_gives_the_same_interval() -> None:
    rows = np.arange(50.0)
    first, again, other = (statistics.bootstrap(_mean, [rows], 0.9, seed) for seed in (1, 1, 2))
    assert first == again != other


def test_a_million_rows_are_subsampled_and_the_width_is_that_of_all() -> None:
    rows = np.random.default_rng(6).normal(size=1_000_000)
    found = statistics.bootstrap(_mean, [rows], 0.9, 1, replicates=500)
    assert found.high - found.low == pytest.approx(2 * 1.645e-3, rel=0.15)


def test_no_fewer_than_400_draws_when_time_runs_out() -> None:
    drawn = []

    def statistic(rows: Array) -> float:
        drawn.append(len(rows))
        return float(rows.mean())

    statistics.bootstrap(statistic, [np.arange(30.0)], 0.9, 1, seconds=0.0)
    assert drawn.count(30) == 1 + 400  # the rows themselves and their resamples; then parts of 29


def test_a_metric_that_is_not_finite_on_some_resample_is_refused() -> None:
    """Of 3 rows with one positive, a third of the resamples have none."""

    def precision(rows: Array) -> float:
        return 1.0 if rows.any() else math.nan

    with pytest.raises(ValueError, match="not a finite number on resampled rows"):
        statistics.bootstrap(precision, [np.array([1, 0, 0])], 0.9, 1)


@pytest.mark.parametrize("cells", [[], [1], [[1, 2]], [5, -1]])
def test_tables_that_are_none_are_refused(cells: list[Any]) -> None:
    with pytest.raises(ValueError, match="expected counts"):
        statistics.multinomial_bootstrap(cells, _difference, 0.9, 1)
