"""How many rows a verdict takes."""

from __future__ import annotations

import random

import pytest

from harness.accuracy.planning import more_rows, plan, power_at, required_rows
from harness.accuracy.statistics import paired


def test_without_flips_the_number_of_rows_follows_from_the_margin_alone() -> None:
    """ln 0.05 / ln 0.995: 598 rows, and 597 are not enough (the rule of three)."""
    assert required_rows(0.0, 0.005, 0.95, 0.8) == 598
    assert paired(0, 0, 598, 0.9).high < 0.005 < paired(0, 0, 597, 0.9).high


def test_near_the_rows_of_the_normal_formula() -> None:
    """Miettinen's formula says 2,474 rows for 1 % flips and 0.5 pp; the exact power asks more."""
    rows = required_rows(0.01, 0.005, 0.95, 0.8)
    assert rows is not None and 2_474 <= rows <= 2_800


@pytest.mark.parametrize(
    ("flips", "margin", "rows"),
    [(0.05, 0.005, 12_366), (0.1, 0.005, 24_731), (0.001, 0.001, 6_183), (0.01, 0.001, 61_826)],
)
def test_many_rows_follow_the_normal_formula(flips: float, margin: float, rows: int) -> None:
    """(z95 + z80)^2 flips / margin^2, after Miettinen 1968."""
    assert required_rows(flips, margin, 0.95, 0.8) == rows


def test_a_margin_of_nothing_cannot_be_certified() -> None:
    assert required_rows(0.01, 0.0, 0.95, 0.8) is None


def test_the_power_is_what_a_simulation_finds() -> None:
    """200 rows, 5 % flips, margin 5 pp: 2,000 seeded draws against the exact sum."""
    n, flips, margin = 200, 0.05, 0.05
    source, passed = random.Random(7), 0
    for _ in range(2_000):
        draws = [source.random() for _ in range(n)]
        b = sum(draw < flips / 2 for draw in draws)
        c = sum(draw > 1 - flips / 2 for draw in draws)
        passed += paired(b, c, n, 0.9).high < margin
    assert power_at(n, flips, margin, 0.95) == pytest.approx(passed / 2_000, abs=0.03)


def test_the_plan_says_what_is_needed_and_what_there_is() -> None:
    assert plan(899, 0.5, 0.95, flips=0.05) == (
        "certifying a loss of at most 0.5 pp at 95 % takes about 12366 rows at 5 % flips, and 598 "
        "without any; the data set has 899: too few, unless there are fewer flips"
    )


def test_a_plan_without_a_look_says_that_it_assumes() -> None:
    assert "rows at 1 % flips, an assumption" in plan(None, 0.5, 0.95)
    assert plan(50_000, 0.5, 0.95).endswith("; the data set has 50000")


def test_a_plan_for_no_loss_at_all_says_so() -> None:
    assert plan(899, 0.0, 0.95) == "no number of rows certifies a loss of at most 0 pp"


def test_more_rows_of_the_same_kind_decide() -> None:
    """12 lost and 12 won of 1,000 rows: so many more certify 0.5 pp, and hardly fewer."""
    more = more_rows(12, 12, 1_000, 0.5, 0.95)
    assert more is not None and 1_000 < more < 3_000
    enough, few = 1 + more / 1_000, 1 + 0.97 * more / 1_000
    assert paired(12 * enough, 12 * enough, 1_000 * enough, 0.9).high <= 0.005
    assert paired(12 * few, 12 * few, 1_000 * few, 0.9).high > 0.005


def test_more_rows_also_refute() -> None:
    """8 lost of 1,000 is likely above 0.5 pp, and ten times as many rows would show it."""
    more = more_rows(8, 0, 1_000, 0.5, 0.95)
    assert more is not None and 500 < more < 10_000


def test_nothing_more_is_needed_where_it_is_decided() -> None:
    assert more_rows(0, 0, 1_000, 0.5, 0.95) == 0


def test_at_the_margin_no_number_of_rows_decides() -> None:
    assert more_rows(5, 0, 1_000, 0.5, 0.95) is None
