"""Whether answers are kept is told by new requests beside one that repeats."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.load import Traffic, caching, measure_caching
from harness.load.planned.arrivals import schedule
from harness.model import Finding, Measurement, Severity
from tests.load.simulation import Simulated

RANDOM = np.random.default_rng(3)


def _same(work: float) -> Any:
    return Simulated(work=work).open(schedule(10.0, 20.0, seed=1))


def test_an_answer_that_comes_ten_times_as_fast_again_was_kept() -> None:
    fresh = 0.02 + 0.002 * RANDOM.random(200)

    found = caching.evidence(fresh, _same(0.002), 0.95)

    assert not isinstance(found, str)
    measured, finding = found
    assert isinstance(measured, Measurement) and isinstance(finding, Finding)
    assert measured.name == "same_body_speedup"
    assert measured.low is not None and measured.high is not None
    assert 9 < measured.low <= measured.value <= measured.high < 12
    assert (finding.rule, finding.severity) == ("kept-answers", Severity.WARNING)


def test_what_else_may_have_made_the_difference_is_a_doubt() -> None:
    found = caching.evidence(np.full(200, 0.02), _same(0.002), 0.95, ("this machine was busy",))

    assert not isinstance(found, str)
    finding = found[1]
    assert isinstance(finding, Finding)
    assert (finding.message, finding.severity) == ("this machine was busy", Severity.DOUBT)


@pytest.mark.parametrize("work", [0.02, 0.015])
def test_the_same_speed_or_a_little_more_is_no_finding(work: float) -> None:
    fresh = 0.02 + 0.002 * RANDOM.random(200)

    found = caching.evidence(fresh, _same(work), 0.95)

    assert [type(item) for item in found] == [Measurement]


def test_only_requests_of_the_first_rotation_are_new(traffic: Callable[..., Traffic]) -> None:
    seen = traffic(np.concatenate([np.full(100, 0.02), np.full(900, 0.001)]))

    fresh = caching.first_times(seen, first=200, distinct=300)

    assert len(fresh) == 100
    assert set(fresh) == {0.02}


def test_failed_requests_are_no_answers(traffic: Callable[..., Traffic]) -> None:
    seen = traffic(np.concatenate([np.full(50, np.inf), np.full(50, 0.02)]))

    assert len(caching.first_times(seen, first=0, distinct=100)) == 50


def test_a_contract_of_few_requests_is_not_measured_and_the_reason_says_so(
    traffic: Callable[..., Traffic],
) -> None:
    rig: Any = SimpleNamespace(plan=SimpleNamespace(first=200), distinct=7, driver=None)

    found = measure_caching(rig, traffic(np.full(1000, 0.02)))

    assert isinstance(found, str)
    assert found.startswith("not measured: 0 requests are too few to tell")
    assert "of 7 different ones that the contract gives" in found


def test_the_same_body_is_sent_at_the_declared_rate_for_a_moment(
    traffic: Callable[..., Traffic],
) -> None:
    service = Simulated(work=0.001)
    rig: Any = SimpleNamespace(plan=SimpleNamespace(first=0), distinct=512, driver=service)

    found = measure_caching(rig, traffic(np.full(1000, 0.02), rate=100.0))

    assert not isinstance(found, str)
    ((kind, rate),) = service.phases
    assert kind == "open"
    assert rate == pytest.approx(100.0, rel=0.2)


def test_at_a_rate_too_low_for_it_nothing_is_sent(traffic: Callable[..., Traffic]) -> None:
    rig: Any = SimpleNamespace(plan=SimpleNamespace(first=0), distinct=500)

    found = measure_caching(rig, traffic(np.full(300, 0.02), rate=10.0))

    assert found == "not measured: 50 requests at 10 /s take more than 3 s"
