"""How many rows a verdict takes."""

from __future__ import annotations

import random
from statistics import NormalDist

import pytest

from harness.accuracy.planning import power_at, required_rows
from harness.accuracy.statistics import tango


def test_without_flips_the_number_of_rows_follows_from_the_margin_alone() -> None:
    """z^2 / (n + z^2) < 0.5 % at one-sided 95 %: 539 rows, and 538 are not enough."""
    assert required_rows(0.0, 0.005, 0.95, 0.8) == 539
    assert tango(0, 0, 539, 0.9).high < 0.005 < tango(0, 0, 538, 0.9).high


def test_near_the_rows_of_the_normal_formula() -> None:
    """Miettinen's formula says 2,474 rows for 1 % flips and 0.5 pp; the exact power asks more."""
    rows = required_rows(0.01, 0.005, 0.95, 0.8)
    assert rows is not None and 2_474 <= rows <= 2_800


def test_many_rows_follow_the_normal_formula() -> None:
    """5 % flips, 0.5 pp: the research table says 12,366."""
    assert required_rows(0.05, 0.005, 0.95, 0.8) == 12_366


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
        passed += tango(b, c, n, 0.9).high < margin
    z = NormalDist().inv_cdf(0.95)
    assert power_at(n, flips, margin, z) == pytest.approx(passed / 2_000, abs=0.03)
