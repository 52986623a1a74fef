"""Pairs of blocks, and the interval of their median ratio."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.load.paired.pairing import Block, Pair, kept, least_pairs, looks, order, ratio

CALM = Block(p50=0.002, p90=0.003, n=40, failed=0, spins=(0.0020, 0.0021), steal=0.0)


def pairs(ratios: list[float]) -> list[Pair]:
    """Pairs whose candidate took so many times as long."""
    return [Pair(CALM, replace(CALM, p50=CALM.p50 * factor)) for factor in ratios]


def test_eight_blocks_are_abba_and_baab_and_either_may_come_first() -> None:
    chance = np.random.default_rng(1)
    assert {tuple(order(chance)) for _ in range(50)} == {
        (0, 1, 1, 0, 1, 0, 0, 1),
        (1, 0, 0, 1, 0, 1, 1, 0),
    }


@pytest.mark.parametrize("power", [1, 2])
def test_a_drift_over_the_eight_blocks_is_the_same_for_both_sides(power: int) -> None:
    sides = order(np.random.default_rng(3))
    drift = [sum(at**power for at in range(8) if sides[at] == side) for side in (0, 1)]
    assert drift[0] == drift[1]


def test_the_value_is_the_median_of_the_ratios_and_the_interval_holds_it() -> None:
    found = ratio(pairs([0.9, 1.0, 1.2] * 5), "p50", 0.98)
    assert found.value == pytest.approx(1.0)
    assert found.low == pytest.approx(0.9) and found.high == pytest.approx(1.2)
    assert found.n == 15 and found.bounded


def test_p90_is_compared_with_p90() -> None:
    slow = [Pair(CALM, replace(CALM, p90=0.006))] * 9
    assert ratio(slow, "p90", 0.98).value == pytest.approx(2.0)
    assert ratio(slow, "p50", 0.98).value == pytest.approx(1.0)


@pytest.mark.parametrize("n", [12, 25, 60, 131])
def test_an_end_is_never_inside_the_exact_sign_test_interval(n: int) -> None:
    """scipy's binomial as the oracle: order statistics at ranks of binomial(n, 1/2)."""
    stats = pytest.importorskip("scipy.stats")
    logs = np.sort(np.random.default_rng(n).normal(0.0, 0.1, n))
    found = ratio(pairs([math.exp(value) for value in logs]), "p50", 0.98)
    rank = int(stats.binom.ppf(0.01, n, 0.5))
    assert math.log(found.low) <= logs[rank - 1] + 1e-12
    assert math.log(found.high) >= logs[n - rank] - 1e-12


@pytest.mark.parametrize("n", [25, 61])
def test_an_end_is_never_inside_the_bootstrap_interval(n: int) -> None:
    """100,000 drawn bootstrap medians as the oracle of the closed form."""
    chance = np.random.default_rng(n)
    logs = chance.normal(0.0, 0.1, n)
    drawn = np.median(logs[chance.integers(0, n, (100_000, n))], axis=1)
    found = ratio(pairs([math.exp(value) for value in logs]), "p50", 0.98)
    low, high = np.quantile(drawn, [0.012, 0.988])
    assert math.log(found.low) <= low and math.log(found.high) >= high


def test_the_interval_misses_the_true_median_no_more_often_than_it_says() -> None:
    """5000 samples of 24 skewed log-ratios with median 0, at 90 %: at most 10 % miss it."""
    drawn = np.random.default_rng(5).exponential(1.0, (5000, 24)) - math.log(2)
    ends = [ratio(pairs([math.exp(v) for v in row]), "p50", 0.9) for row in drawn[:2000]]
    missed = sum(not end.low <= 1.0 <= end.high for end in ends)
    assert missed <= 0.1 * 2000


def test_so_few_pairs_that_even_agreement_shows_nothing_are_not_bounded() -> None:
    assert least_pairs(0.98) == 7
    assert not ratio(pairs([1.0] * 6), "p50", 0.98).bounded
    assert ratio(pairs([1.0] * 7), "p50", 0.98).bounded


def test_a_candidate_without_answers_is_infinitely_slow_and_no_pair_is_lost() -> None:
    dead = [Pair(CALM, replace(CALM, p50=math.inf, failed=40))] * 12
    found = ratio(dead, "p50", 0.98)
    assert (found.value, found.low, found.n) == (math.inf, math.inf, 12)


def test_one_block_that_failed_is_one_slow_pair_among_others() -> None:
    found = ratio([*pairs([1.0] * 20), Pair(CALM, replace(CALM, p50=math.inf))], "p50", 0.98)
    assert found.value == pytest.approx(1.0) and found.high == pytest.approx(1.0)


def test_where_neither_side_answered_there_is_no_ratio() -> None:
    none = replace(CALM, p50=math.inf)
    assert ratio([Pair(none, none)], "p50", 0.98).n == 0


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (replace(CALM, spins=(0.002, 0.004)), "took 2.00 times as long"),
        (replace(CALM, steal=0.2), "withheld 20 % of the processors"),
        (replace(CALM, doubts=("the client was busy",)), "the client was busy"),
    ],
)
def test_a_pair_is_doubtful_for_what_the_machine_did_to_either_side(
    block: Block, told: str
) -> None:
    assert told in Pair(block, CALM).doubt and told in Pair(CALM, block).doubt
    assert Pair(CALM, CALM).doubt == ""


def test_latencies_never_make_a_pair_doubtful() -> None:
    assert Pair(CALM, replace(CALM, p50=9.0, p90=9.0)).doubt == ""


def test_doubtful_pairs_are_left_out_where_half_of_all_are_calm() -> None:
    bad = Pair(CALM, replace(CALM, steal=0.5))
    calm = Pair(CALM, CALM)
    assert kept([calm, bad, calm]) == [calm, calm]
    assert kept([calm, bad, bad]) == [calm, bad, bad]


@pytest.mark.parametrize("most", [2, 7, 12, 60, 200])
def test_the_risks_of_all_looks_add_up_and_the_last_one_has_all_pairs(most: int) -> None:
    made = looks(most, 0.98)
    assert sum(1 - look.confidence for look in made) == pytest.approx(0.02)
    assert made[-1].n == most and len({look.n for look in made}) == len(made)


def test_every_look_but_the_last_could_decide() -> None:
    assert all(look.n >= least_pairs(look.confidence) for look in looks(200, 0.98)[:-1])
