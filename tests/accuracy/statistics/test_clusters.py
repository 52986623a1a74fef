"""Rows that belong together count as fewer."""

from __future__ import annotations

import numpy as np
import pytest

from harness.accuracy import statistics

# Weil 1970, table 1: pups alive at 4 days, and of these at 21 days, of 16 litters each.
_CONTROL = (
    (13, 13), (12, 12), (9, 9), (9, 9), (8, 8), (8, 8), (13, 12), (12, 11),
    (10, 9), (10, 9), (9, 8), (13, 11), (5, 4), (7, 5), (10, 7), (10, 7),
)  # fmt: skip
_TREATED = (
    (12, 12), (11, 11), (10, 10), (9, 9), (11, 10), (10, 9), (10, 9), (9, 8),
    (9, 8), (5, 4), (9, 7), (7, 4), (10, 5), (6, 3), (10, 3), (7, 0),
)  # fmt: skip


@pytest.mark.parametrize(("litters", "effect"), [(_CONTROL, 1.232495), (_TREATED, 3.952861)])
def test_the_design_effect_reproduces_the_example_of_rao_and_scott(
    litters: tuple[tuple[int, int], ...], effect: float
) -> None:
    """Rao and Scott, Biometrics 48:577-585 (1992), table 1, to the digits that the R package PF
    prints for it (its help page of `rsb`)."""
    found = statistics.design_effect([(n, alive, 0) for n, alive in litters])
    assert round(found, 6) == effect


def test_clusters_of_one_row_are_rows() -> None:
    sums = [(1, 1, 0)] * 6 + [(1, 0, 1)] * 16 + [(1, 0, 0)] * 139
    found, alone = statistics.clustered(sums, 0.95), statistics.paired(6, 16, 161, 0.95)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high), abs=1e-12)


def test_copies_of_rows_add_nothing() -> None:
    """Each row twenty times: the same loss and the same interval as of the rows alone."""
    once = statistics.paired(30, 15, 1_000, 0.9)
    sums = [(20, 20, 0)] * 30 + [(20, 0, 20)] * 15 + [(20, 0, 0)] * 955
    found = statistics.clustered(sums, 0.9)
    assert found.value == pytest.approx(once.value)
    assert (found.low, found.high) == pytest.approx((once.low, once.high), abs=1e-4)


def test_help_is_harm_turned_round() -> None:
    sums = np.array([(20, 7, 0)] * 9 + [(20, 0, 3)] * 15 + [(11, 0, 0)] * 955)
    found, turned = statistics.clustered(sums, 0.9), statistics.clustered(sums[:, [0, 2, 1]], 0.9)
    assert (found.low, found.high) == pytest.approx((-turned.high, -turned.low), abs=1e-12)


def test_without_any_flip_clusters_count_and_not_rows() -> None:
    """200 users with 50 rows each may all agree, and still 1.5 % of users be harmed."""
    found = statistics.clustered([(50, 0, 0)] * 200, 0.9)
    assert found.high == pytest.approx(statistics.paired(0, 0, 200, 0.9).high)


def test_one_cluster_certifies_nothing() -> None:
    found = statistics.clustered([(10_000, 3, 1)], 0.9)
    assert (found.value, found.low, found.high) == (0.0002, -1.0, 1.0)


def test_flips_that_come_alone_cost_little() -> None:
    """100 lost and 80 won of 100,000 rows, never two in a cluster of ten: nearly as single rows."""
    sums = [(10, 1, 0)] * 100 + [(10, 0, 1)] * 80 + [(10, 0, 0)] * 9_820
    found, alone = statistics.clustered(sums, 0.9), statistics.paired(100, 80, 100_000, 0.9)
    assert alone.high < found.high < 1.5 * alone.high


def test_flips_in_few_clusters_are_little_evidence() -> None:
    """40 harmed rows of 20,000, of forty users or of four: the same loss, another interval."""
    spread = statistics.clustered([(10, 1, 0)] * 40 + [(10, 0, 0)] * 1_960, 0.9)
    dense = statistics.clustered([(10, 10, 0)] * 4 + [(10, 0, 0)] * 1_996, 0.9)
    assert spread.value == dense.value == 0.002
    assert spread.high < 0.004
    assert dense.high > 0.0045


@pytest.mark.parametrize("sums", [[], [(1, 2)], [(2, 2, 1)], [(0, 0, 0)], [(5, -1, 0)]])
def test_sums_that_do_not_fit_are_refused(sums: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="cluster"):
        statistics.clustered(np.array(sums), 0.9)


def test_rows_of_few_clusters_without_flips_are_no_evidence_of_their_own() -> None:
    assert statistics.together([(700, 0, 0)]) == 700
    assert statistics.together([(700, 0, 0)] * 3) == 700
    assert statistics.together([(1, 1, 0)] * 6 + [(1, 0, 0)] * 200) == pytest.approx(1, abs=0.01)
