"""Planned start times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.load import LoadError
from harness.load.planned import arrivals


def test_the_same_seed_plans_the_same_run() -> None:
    first = arrivals.schedule(200, 5, seed=7)
    assert np.array_equal(first, arrivals.schedule(200, 5, seed=7))
    assert not np.array_equal(first[:100], arrivals.schedule(200, 5, seed=8)[:100])


def test_times_ascend_and_end_before_the_run_does() -> None:
    times = arrivals.schedule(500, 3, seed=1)
    assert times[0] >= 0
    assert times[-1] < 3
    assert np.all(np.diff(times) >= 0)


def test_poisson_gaps_have_the_mean_and_the_spread_of_an_exponential() -> None:
    gaps = np.diff(arrivals.schedule(1000, 100, seed=3))
    assert gaps.mean() == pytest.approx(0.001, rel=0.02)
    assert gaps.std() == pytest.approx(0.001, rel=0.02)


def test_constant_arrivals_are_evenly_spaced() -> None:
    times = arrivals.schedule(4, 1, seed=1, process="constant")
    assert times.tolist() == [0.0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        arrivals.schedule(rate, 1, seed=1)


def test_too_many_arrivals_are_refused_before_they_are_drawn() -> None:
    with pytest.raises(ValueError, match=r"1e\+09 requests.*at most 20000000"):
        arrivals.schedule(1e9, 1, seed=1)


def test_a_profile_has_the_rate_of_each_stage() -> None:
    times = arrivals.profile([(100, 10), (1000, 10), (50, 10)], seed=2)
    counts, _ = np.histogram(times, [0, 10, 20, 30])
    assert counts == pytest.approx([1000, 10000, 500], rel=0.1)


def test_a_constant_profile_changes_its_pace_between_the_stages() -> None:
    times = arrivals.profile([(2, 1), (4, 1)], seed=1, process="constant")
    assert times.tolist() == [0.0, 0.5, 1.0, 1.25, 1.5, 1.75]


def test_times_that_coincide_are_told_apart_and_others_left_alone() -> None:
    times = arrivals.apart(np.array([0.0, 1.0, 1.0, 1.0, 2.0]))
    assert np.all(np.diff(times) > 5e-8)
    assert times == pytest.approx([0.0, 1.0, 1.0, 1.0, 2.0], abs=1e-6)
    assert arrivals.apart(times) is times


def test_a_schedule_for_which_there_is_no_room_is_told_as_such() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(LoadError, match="the schedule cannot be written: .* No space left"):
        arrivals.save(Path("/dev/full"), np.arange(10.0))
