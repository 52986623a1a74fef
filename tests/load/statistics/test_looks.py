"""When a running test may be judged."""

from __future__ import annotations

import pytest

from harness.load.statistics import looks


@pytest.mark.parametrize(("most", "rate"), [(1500, 50), (6000, 200), (90000, 3000), (300, 10)])
def test_the_risks_of_all_looks_add_up_to_the_whole(most: int, rate: float) -> None:
    made = looks.plan(most, rate, 0.95, 0.99)
    assert sum(1 - look.confidence for look in made) == pytest.approx(0.05)
    assert made[-1].n == most


def test_a_look_that_could_pass_comes_as_soon_as_p99_can_be_bounded() -> None:
    made = looks.plan(6000, 200, 0.95, 0.99)
    assert [look.n >= looks.needed(0.99, look.confidence) for look in made].count(False) <= 1
    assert min(look.n for look in made if look.n >= looks.needed(0.99, look.confidence)) < 1400


def test_the_last_look_can_always_pass_where_a_single_one_could() -> None:
    for most in (760, 900, 1100, 1500, 2500):
        last = looks.plan(most, 50, 0.95, 0.99)[-1]
        assert last.n >= looks.needed(0.99, last.confidence)


def test_a_service_far_from_its_limit_can_pass_at_the_first_look() -> None:
    """200 /s for 30 s: after 5 s, and not a look later."""
    first = looks.plan(6000, 200, 0.95, 0.99)[0]
    assert first.n == 1000
    assert first.n >= looks.needed(0.99, first.confidence)


def test_a_look_that_can_only_fail_leaves_the_risk_to_those_that_can_pass() -> None:
    blind, *others = looks.plan(1500, 50, 0.95, 0.99)
    assert blind.n < looks.needed(0.99, blind.confidence)
    assert 1 - blind.confidence < 0.1 * sum(1 - look.confidence for look in others)


def test_no_look_comes_before_five_seconds() -> None:
    assert looks.plan(60000, 1000, 0.95, 0.5)[0].n >= 5000


def test_a_short_run_is_looked_at_once() -> None:
    assert looks.plan(100, 50, 0.95, 0.99) == (looks.Look(100, 0.95),)
