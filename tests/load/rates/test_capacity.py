"""The search for the highest rate that keeps the limits, on services whose capacity is known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.limits import Limit
from harness.load.driving.phases import Phase
from harness.load.planned.arrivals import Times
from harness.load.rates import capacity
from harness.load.rates.capacity import Capacity
from harness.load.rates.ladder import Step
from harness.load.rates.probes import Probe, Terms, lasts
from harness.load.trust.calibration import Pressure
from harness.model import Outcome
from tests.load.simulation import Simulated

P, F, U = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE


def _terms(p99: str = "<= 25 ms", confidence: float = 0.95) -> Terms:
    limits = {"latency_p99": p99, "error_rate": "<= 1 %", "memory_peak": "<= 90 %"}
    return Terms.of({name: Limit.parse(text) for name, text in limits.items()}, confidence)


def _probes(*tried: tuple[float, Outcome]) -> list[Probe]:
    return [Probe(rate, outcome, 1000, 0.01, 0.02) for rate, outcome in tried]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_interval_holds_the_rate_at_which_a_queue_stands_at_its_limit(seed: int) -> None:
    """M/D/1 with 5 ms of work and 25 ms for the p99: about 112 requests a second, by theory."""
    found = capacity.search(Simulated(work=0.005), _terms(), 60.0, users=64, seed=seed)

    assert found.high is not None
    assert 60 < found.low <= 118
    assert 106 <= found.high < 220
    assert found.peak == pytest.approx(200.0, rel=0.02)


def test_four_workers_have_nearly_all_of_their_throughput_within_generous_limits() -> None:
    found = capacity.search(Simulated(work=0.02, workers=4), _terms("<= 250 ms"), 60.0, users=64)

    assert found.high is not None
    assert 0.75 * 200 < found.low < 205
    assert found.low < found.high <= 1.2 * 200


def test_a_limit_below_the_time_of_one_request_is_kept_at_no_rate() -> None:
    found = capacity.search(Simulated(work=0.05), _terms("<= 25 ms"), 60.0, users=64)

    assert found.low == 0.0
    assert found.high is not None and found.high < 20


def test_refusals_count_as_errors_at_every_rate_that_brings_them() -> None:
    service = Simulated(work=0.005, most=10)
    found = capacity.search(service, _terms("<= 1 s"), 60.0, users=64)

    assert found.high is not None
    assert 100 < found.low < found.high < 215


def test_the_first_rate_is_below_what_the_ladder_saw() -> None:
    assert capacity.next_rate([], 200.0) == pytest.approx(140.0)


@pytest.mark.parametrize(
    ("tried", "following"),
    [
        ([(50, P)], math.sqrt(50 * 220)),
        ([(140, P)], math.sqrt(140 * 220)),
        ([(140, P), (205, P)], None),
        ([(140, F)], 84.0),
        ([(140, P), (200, F)], math.sqrt(140 * 200)),
        ([(140, P), (150, F)], None),
        ([(140, U)], 84.0),
        ([(140, U), (84, P)], math.sqrt(84 * 140)),
        ([(140, U), (84, P), (230, F)], math.sqrt(84 * 140)),
        ([(140, U), (120, P), (200, F)], math.sqrt(140 * 200)),
        ([(140, U), (130, P), (150, F)], None),
    ],
)
def test_the_next_rate_narrows_the_interval_from_its_wider_side(
    tried: Sequence[tuple[float, Outcome]], following: float | None
) -> None:
    assert capacity.next_rate(_probes(*tried), 200.0) == (
        None if following is None else pytest.approx(following)
    )


def test_a_rate_that_passed_above_one_that_failed_does_not_count() -> None:
    found = Capacity(_terms(), (), tuple(_probes((100, P), (150, F), (180, P))))

    assert (found.low, found.high) == (100, 150)


def test_without_a_rate_that_failed_the_throughput_of_the_ladder_bounds_it() -> None:
    steps = tuple(Step(n, 200.0, 0.01, 0.02, float(n), 500, 0.0) for n in (1, 2, 4))

    assert Capacity(_terms(), steps, tuple(_probes((150, P)))).high == pytest.approx(220.0)
    assert Capacity(_terms(), steps[:2], tuple(_probes((150, P)))).high is None


def test_a_service_that_the_ladder_did_not_saturate_is_probed_beyond_it() -> None:
    service = Simulated(work=0.02, workers=100)
    found = capacity.search(service, _terms("<= 100 ms"), 60.0, users=8, most=8)

    assert max(step.throughput for step in found.steps) == pytest.approx(400, rel=0.05)
    assert found.low > 800


def test_nothing_bounds_it_where_the_client_was_the_limit() -> None:
    step = Step(8, 200.0, 0.01, 0.02, 5.0, 500, 0.0, ("5 were in flight where 8",))

    assert Capacity(_terms(), (step,), tuple(_probes((150, P)))).high is None


def test_rates_that_were_judged_before_count() -> None:
    known = _probes((80, P))
    found = capacity.search(Simulated(work=0.005), _terms(), 60.0, users=64, known=known)

    assert found.probes[0] is known[0]
    assert 80 <= found.low <= 118


@pytest.mark.parametrize(
    ("tried", "following"),
    [
        ([(100, P), (140, F)], []),
        ([(140, U), (130, P), (142, F)], []),
        ([(140, U), (130, P), (150, F)], [140]),
        ([(140, U), (130, P), (150, F), (140, U)], [140]),
        ([(135, U), (140, U), (145, U), (130, P), (150, F)], [140, 135, 145]),
        ([(135, U), (140, U), (130, P), (150, F), (135, U)], [140, 135]),
        ([(140, U), (130, P), (150, F), (140, P)], []),
        ([(140, U)], [140]),
    ],
)
def test_undecided_rates_that_keep_the_interval_wide_are_tried_again_in_turn(
    tried: Sequence[tuple[float, Outcome]], following: list[float]
) -> None:
    assert capacity.undecided(_probes(*tried)) == following


def test_each_try_takes_twice_as_long_and_may_be_wrong_half_as_often() -> None:
    first = capacity.again([], 140, _terms())
    third = capacity.again(_probes((140, U), (130, P), (140, U)), 140, _terms())
    assert first.terms == _terms()
    assert third.terms.confidence == pytest.approx(1 - 0.05 / 4)
    assert third.seconds == 4 * lasts(140, third.terms, math.inf)


class _Noisy(Simulated):
    """Somebody else uses the machine, until so many rates were tried."""

    quiet_after = 9

    def open(self, schedule: Times, **more: Any) -> Phase:
        """As a Driver does, with the share of time in which something waited for a processor."""
        phase = super().open(schedule, **more)
        noisy = sum(kind == "open" for kind, _ in self.phases) <= self.quiet_after
        return replace(phase, pressure=Pressure(waiting=0.9 if noisy else 0.0))


def test_under_noise_it_goes_on_and_narrows_what_noise_had_left_open() -> None:
    """M/D/1 with 5 ms of work and 25 ms for the p99: about 112 requests a second, by theory."""
    found = capacity.search(_Noisy(work=0.005), _terms(), 120.0, users=64)

    tried = Counter(one.rate for one in found.probes if one.outcome is U)
    assert max(tried.values()) > 1
    assert found.high is not None and 60 < found.low <= 118 and 106 < found.high < 160


def test_an_interval_that_stays_wide_says_why() -> None:
    service = _Noisy(work=0.005)
    service.quiet_after = 99
    found = capacity.search(service, _terms(), 120.0, users=64)

    assert found.notes[-1].startswith("the interval stays wide, as ")
    assert "stayed undecided (" in found.notes[-1]


def test_too_little_time_is_told_with_the_time_that_a_probe_takes() -> None:
    found = capacity.search(Simulated(work=0.1), _terms("<= 2 s"), 12.0, users=64)

    assert found.probes == ()
    assert "s to be judged; raise load.capacity" in found.notes[-1]


def test_a_service_that_never_answers_rightly_has_no_capacity_and_the_notes_say_so() -> None:
    found = capacity.search(Simulated(most=0), _terms(), 3.0, users=64)

    assert (found.low, found.probes) == (0.0, ())
    assert found.notes[-1] == "no right answer came while the ladder was climbed"


def test_the_scalability_law_comes_with_the_ladder() -> None:
    found = capacity.search(Simulated(work=0.02, workers=4), _terms("<= 1 s"), 10.0, users=64)

    assert found.law is not None
    assert found.law.gamma == pytest.approx(50.0, rel=0.3)


def test_rates_are_told_by_what_came_of_them_from_low_to_high() -> None:
    undecided = Probe(120.0, Outcome.INCONCLUSIVE, 1000, 0.01, 0.02, "it was late")
    probes = [undecided, *_probes((100.0, Outcome.PASSED), (50.0, Outcome.PASSED))]
    found = capacity._notes(
        (), [*probes, Probe(110.0, Outcome.INCONCLUSIVE, 9, 0.1, 0.2, "busy")], ""
    )

    assert found == ("50, 100 /s kept the limits; 110, 120 /s stayed undecided (the first: busy)",)
