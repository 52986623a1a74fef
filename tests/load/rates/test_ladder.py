"""The closed ladder: throughput at rising concurrency, and Little's law as its conscience."""

from __future__ import annotations

import math

import pytest

from harness.load.rates import ladder
from harness.load.rates.ladder import Step
from tests.load.simulation import Simulated


def _step(concurrency: int, throughput: float, failed: float = 0.0) -> Step:
    return Step(concurrency, throughput, 0.01, 0.01, float(concurrency), 100, failed)


def test_a_service_of_four_workers_is_climbed_until_more_bring_no_more() -> None:
    steps = ladder.climb(Simulated(work=0.02, workers=4), 1000, 60.0)

    assert [step.concurrency for step in steps] == [1, 2, 4, 8, 16]
    assert ladder.peak(steps) == pytest.approx(200.0, rel=0.02)


def test_the_times_follow_from_littles_law_in_every_step() -> None:
    for step in ladder.climb(Simulated(work=0.02, workers=4), 1000, 60.0):
        assert step.in_flight == pytest.approx(step.concurrency, rel=0.05)
        assert step.p50 == pytest.approx(max(1, step.concurrency / 4) * 0.02, rel=0.05)
        assert step.doubts == ()


def test_a_client_that_cannot_keep_so_many_in_flight_is_found_out() -> None:
    phase = Simulated(work=0.001, workers=1000, busy_client=True).closed(8, seconds=2.0)

    (doubt,) = ladder.measured(phase, 8, 2.0).doubts
    assert "requests were in flight where 8 were meant to be" in doubt


def test_a_slow_service_is_given_longer_steps() -> None:
    steps = ladder.climb(Simulated(work=0.4), 4, 60.0)

    assert steps[0].throughput == pytest.approx(2.5, rel=0.1)


def test_the_ladder_ends_at_the_most_that_is_allowed() -> None:
    steps = ladder.climb(Simulated(work=0.02, workers=500), 8, 60.0)

    assert [step.concurrency for step in steps] == [1, 2, 4, 8]


def test_a_step_of_failures_is_no_throughput_and_ends_the_ladder() -> None:
    steps = ladder.climb(Simulated(work=0.05, workers=1, most=0), 64, 60.0)

    assert steps[-1].failed > 0.5
    assert steps[-1].concurrency < 64


def test_a_step_without_an_answer_has_no_percentiles() -> None:
    phase = Simulated(most=0).closed(1, seconds=1.0)
    empty = ladder.measured(phase, 1, 1.0)

    assert (empty.throughput, empty.failed) == (0.0, 1.0)
    assert math.isnan(empty.p50)


def test_two_steps_without_a_gain_are_saturation_and_one_is_not() -> None:
    assert ladder.saturated([_step(1, 100), _step(2, 101), _step(4, 102)])
    assert not ladder.saturated([_step(1, 100), _step(2, 101)])
    assert not ladder.saturated([_step(1, 100), _step(2, 101), _step(4, 140)])
