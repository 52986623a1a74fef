"""The order of the rows: each once, from the seed alone, well mixed."""

from __future__ import annotations

import numpy as np
import pytest

from harness.accuracy.evaluation.order import block_rows, permuted


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 64, 65, 1_000, 4_097])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_row_comes_exactly_once(rows: int, seed: int) -> None:
    found = permuted(np.arange(rows, dtype=np.int64), rows, seed)
    assert sorted(found) == list(range(rows))


def test_blocks_are_a_partition_of_the_rows() -> None:
    blocks = [block_rows(index, 300, 1_000, seed=7) for index in range(4)]
    assert [len(block) for block in blocks] == [300, 300, 300, 100]
    assert sorted(np.concatenate(blocks)) == list(range(1_000))
    assert all((np.diff(block) > 0).all() for block in blocks)


def test_without_a_seed_the_order_is_natural() -> None:
    assert block_rows(2, 4, 10, None).tolist() == [8, 9]


def test_the_order_follows_from_the_seed() -> None:
    first, again, other = (block_rows(0, 50, 5_000, seed).tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_a_block_of_ten_million_rows_needs_no_permutation_of_them() -> None:
    """The last block is as quickly found as the first."""
    found = block_rows(2_441, 4_096, 10_000_000, seed=1)
    assert len(found) == 10_000_000 - 2_441 * 4_096
    assert 0 <= found[0] and found[-1] < 10_000_000


def test_every_block_is_a_fair_sample() -> None:
    """Rows sorted by class: a block of 400 of 40,000 rows has 200 of each half, within 5 sigma.

    Over 100 blocks their spread is that of drawing without replacement, too: the variance of the
    number is 400 / 4 * 0.99, and 99 (s / sigma)^2 is chi-squared with 99 degrees of freedom, which
    is between 40 and 190 but for one case in 10^6.
    """
    halves = np.asarray(
        [(block_rows(index, 400, 40_000, seed=3) < 20_000).sum() for index in range(100)]
    )
    assert abs(halves - 200).max() < 50
    assert 40 < ((halves - 200) ** 2).sum() / 99 < 190
