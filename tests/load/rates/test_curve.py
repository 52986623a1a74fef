"""What is said of a capacity that was found, and of one that was not."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.config import Gate
from harness.limits import Limit
from harness.load import LoadError, Traffic, measure_capacity
from harness.load.rates import curve
from harness.load.rates.capacity import Capacity
from harness.load.rates.ladder import Step
from harness.load.rates.probes import Probe, Terms
from harness.load.rates.usl import Law
from harness.model import Evidence, Finding, Measurement, Observation, Outcome, Severity
from harness.report import charts
from tests.load.simulation import Simulated

TERMS = Terms({"latency_p99": Limit.parse("<= 25 ms")}, 0.95)
STEPS = (
    Step(1, 100.0, 0.01, 0.011, 1.0, 500, 0.0),
    Step(2, 180.0, 0.011, 0.02, 2.0, 900, 0.0),
    Step(4, 200.0, 0.02, math.nan, 4.0, 1000, 0.0),
)


def _found(*tried: tuple[float, Outcome], steps: tuple[Step, ...] = STEPS) -> Capacity:
    probes = tuple(Probe(rate, outcome, 1000, 0.01, 0.02) for rate, outcome in tried)
    return Capacity(TERMS, steps, probes, Law(100.0, 0.1, 0.01, 0.98), ("tried: this and that",))


def _split(
    found: Sequence[Observation],
) -> tuple[dict[str, Measurement], dict[str, Finding], Evidence]:
    measured = {item.name: item for item in found if isinstance(item, Measurement)}
    findings = {item.rule: item for item in found if isinstance(item, Finding)}
    (picture,) = (item for item in found if isinstance(item, Evidence))
    return measured, findings, picture


def test_rate_and_headroom_lie_between_what_passed_and_what_failed() -> None:
    found = _found((112.0, Outcome.PASSED), (120.0, Outcome.FAILED))

    measured, findings, _ = _split(curve.evidence(found, 50.0, {}))

    rate, headroom = measured["max_rate"], measured["headroom"]
    assert (rate.value, rate.low, rate.high, rate.unit, rate.n) == (112, 112, 120, "/s", 2000)
    assert (headroom.value, headroom.low, headroom.high) == (2.24, 2.24, 2.4)
    assert {item.severity for item in findings.values()} == {Severity.INFO}
    assert "contention 0.100, coherency 0.01" in findings["scalability"].message


@pytest.mark.parametrize(
    ("limit", "outcome"),
    [
        (">= 100 /s", Outcome.PASSED),
        (">= 115 /s", Outcome.INCONCLUSIVE),
        (">= 130 /s", Outcome.FAILED),
    ],
)
def test_a_limit_on_the_rate_is_judged_by_both_ends(limit: str, outcome: Outcome) -> None:
    found = _found((112.0, Outcome.PASSED), (120.0, Outcome.FAILED))

    measured, _, _ = _split(curve.evidence(found, 50.0, {}))

    assert Limit.parse(limit).judge(measured["max_rate"]) is outcome


def test_a_limit_that_the_client_could_not_reach_is_in_doubt_and_a_lower_one_is_not() -> None:
    odd = (Step(8, 200.0, 0.01, 0.02, 5.0, 500, 0.0, ("5.0 were in flight where 8",)),)
    found = _found((112.0, Outcome.PASSED), steps=odd)

    beyond = curve.evidence(found, 50.0, {"max_rate": Limit.parse(">= 300 /s")})
    within = curve.evidence(found, 50.0, {"max_rate": Limit.parse(">= 100 /s")})

    assert _split(beyond)[1]["invalid-run"].severity is Severity.DOUBT
    assert "invalid-run" not in _split(within)[1]


def test_no_rate_that_passed_is_a_doubt_unless_one_surely_failed() -> None:
    undecided = _split(curve.evidence(_found((50.0, Outcome.INCONCLUSIVE)), 50.0, {}))[1]
    broken = _split(curve.evidence(_found((50.0, Outcome.FAILED)), 50.0, {}))[1]

    assert undecided["no-capacity"].severity is Severity.DOUBT
    assert broken["no-capacity"].severity is Severity.WARNING


def test_the_curve_has_both_loops_the_band_and_the_lines_in_numbers_that_json_knows() -> None:
    found = _found((112.0, Outcome.PASSED), (60.0, Outcome.PASSED), (120.0, Outcome.FAILED))

    _, _, picture = _split(curve.evidence(found, 50.0, {}))

    json.dumps(picture.data, allow_nan=False)
    assert picture.kind == "curve"
    series = picture.data["series"]
    assert series["open loop, p99"] == {"x": [60, 112, 120], "y": [20, 20, 20]}
    assert series["closed loop, p99"]["y"] == [11.0, 20.0, None]
    assert picture.data["bands"] == [{"from": 112.0, "to": 120.0, "name": "capacity lies here"}]
    assert picture.data["lines"] == [
        {"x": 50.0, "name": "declared"},
        {"y": 25.0, "name": "latency_p99 <= 25 ms"},
    ]


def test_steps_that_bring_fewer_answers_again_stand_above_the_highest_throughput() -> None:
    steps = (*STEPS, Step(8, 190.0, 0.04, 0.05, 8.0, 1000, 0.0))

    _, _, picture = _split(curve.evidence(_found((112.0, Outcome.PASSED), steps=steps), 50.0, {}))

    assert picture.data["series"]["closed loop, p50"]["x"] == [100.0, 180.0, 200.0, 200.0]
    assert "not drawn" not in charts.draw(picture)


def test_a_law_that_explains_little_is_not_told() -> None:
    found = _found((112.0, Outcome.PASSED))
    poor = dataclasses.replace(found, law=Law(100.0, 0.8, 0.0, 0.28))

    assert "scalability" in _split(curve.evidence(found, 50.0, {}))[1]
    assert "scalability" not in _split(curve.evidence(poor, 50.0, {}))[1]


def test_of_a_profile_the_highest_rate_is_the_declared_one(gate: Callable[..., Gate]) -> None:
    stages = [{"rate": "90 /s", "lasts": "1 s"}, {"rate": "20 /s", "lasts": "9 s"}]

    assert curve.declared(gate(), 70.0) == 70.0
    assert curve.declared(gate(profile=stages), 27.0) == 90.0


def _rig(limits: dict[str, str], service: Simulated) -> Any:
    parsed = {name: Limit.parse(text) for name, text in limits.items()}
    plan = SimpleNamespace(limits=parsed, rate=50.0, users=64, seed=1)
    return SimpleNamespace(plan=plan, driver=service)


def test_a_simulated_service_is_measured_from_gate_to_evidence(
    gate: Callable[..., Gate], traffic: Callable[..., Traffic]
) -> None:
    alive = SimpleNamespace(running=lambda: True)
    rig = _rig({"latency_p99": "<= 25 ms"}, Simulated(work=0.005))
    seen = traffic(np.full(1000, 0.01), rate=50.0)

    found = measure_capacity(gate(capacity="60 s"), rig, alive, seen, {})

    measured, _, _ = _split(found)
    assert 60 < measured["max_rate"].value < 118
    assert measured["headroom"].value == pytest.approx(measured["max_rate"].value / 50)


def test_without_a_limit_there_is_no_capacity(
    gate: Callable[..., Gate], traffic: Callable[..., Traffic]
) -> None:
    alive = SimpleNamespace(running=lambda: True)

    with pytest.raises(LoadError, match="neither a latency nor load.error_rate has a limit"):
        measure_capacity(
            gate(capacity="60 s"), _rig({}, Simulated()), alive, traffic(np.ones(9)), {}
        )


def test_a_candidate_that_ends_under_the_search_has_failed(
    gate: Callable[..., Gate], traffic: Callable[..., Traffic]
) -> None:
    dead = SimpleNamespace(running=lambda: False)
    rig = _rig({"latency_p99": "<= 25 ms"}, Simulated(work=0.005))

    (finding,) = measure_capacity(gate(capacity="5 s"), rig, dead, traffic(np.ones(9)), {})

    assert isinstance(finding, Finding)
    assert (finding.rule, finding.severity) == ("candidate-ended", Severity.ERROR)
