"""What is said of an overload."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from harness.config import Gate
from harness.limits import Limit
from harness.load import LoadError, Rig, measure_overload
from harness.load.rates import overload, shedding
from harness.model import Evidence, Finding, Measurement, Observation, Outcome, Severity
from tests.load.simulation import Simulated

LIMITS = {
    "overload_goodput": Limit.parse(">= 70 %"),
    "recovery": Limit.parse("<= 5 s"),
}


def _found(service: Simulated, client_cpu: float = 0.2) -> overload.Overload:
    found = overload.run(service, 5.0, 0.1, longest=10.5)
    assert found is not None
    return dataclasses.replace(found, phase=dataclasses.replace(found.phase, client_cpu=client_cpu))


def _outcomes(found: Sequence[Observation]) -> dict[str, Outcome]:
    return {
        item.name: LIMITS[item.name].judge(item)
        for item in found
        if isinstance(item, Measurement) and item.name in LIMITS
    }


def _findings(found: Sequence[Observation], rule: str) -> list[Finding]:
    return [item for item in found if isinstance(item, Finding) and item.rule == rule]


def test_an_unbounded_queue_fails_both_limits() -> None:
    found = shedding.evidence(_found(Simulated(work=0.005)), LIMITS, 0.95)

    assert set(_outcomes(found).values()) == {Outcome.FAILED}
    (told,) = _findings(found, "overload-run")
    assert told.message.endswith("back to normal not within 10.5 s")
    (queue,) = _findings(found, "answered-too-late")
    assert queue.severity is Severity.WARNING
    assert re.match(r"\d+ of \d+ requests under overload were answered, but after", queue.message)


def test_a_service_that_sheds_passes_both_and_nothing_of_it_is_wrong() -> None:
    found = shedding.evidence(_found(Simulated(work=0.005, most=10)), LIMITS, 0.95)

    assert set(_outcomes(found).values()) == {Outcome.PASSED}
    assert {item.severity for item in found if isinstance(item, Finding)} == {Severity.INFO}
    (shed,) = _findings(found, "shed")
    assert shed.message.endswith("requests under overload: 429 or 503")
    assert 40 < {i.name: i.value for i in found if isinstance(i, Measurement)}["shed"] < 60


@pytest.mark.parametrize(("status", "kind"), [(0, "connection reset"), (500, "status 500")])
def test_to_shed_by_resets_or_other_statuses_is_wrong_even_with_good_goodput(
    status: int, kind: str
) -> None:
    found = shedding.evidence(_found(Simulated(work=0.005, most=10, status=status)), LIMITS, 0.95)

    (wrong,) = _findings(found, "not-shed")
    assert (wrong.severity, wrong.received) == (Severity.ERROR, kind)


def test_a_held_up_client_is_a_doubt_near_the_limit_and_none_far_below_or_above_it() -> None:
    near = {**LIMITS, "overload_goodput": Limit.parse(">= 99.9 %")}
    sheds = _found(Simulated(work=0.005, most=10), client_cpu=0.95)
    queues = _found(Simulated(work=0.005), client_cpu=0.95)

    def weight(found: overload.Overload, limits: dict[str, Limit]) -> Severity:
        doubts = _findings(shedding.evidence(found, limits, 0.95), "disturbed-run")
        (busy,) = (item for item in doubts if "95 %" in item.message)
        return busy.severity

    assert weight(sheds, near) is Severity.DOUBT
    assert weight(sheds, LIMITS) is Severity.WARNING
    assert weight(queues, LIMITS) is Severity.WARNING


def test_what_was_never_saturated_was_not_overloaded() -> None:
    found = overload.run(Simulated(work=0.02, workers=100), 2.0, 0.1, longest=5.0, users=4, most=4)
    assert found is not None

    (doubt,) = _findings(shedding.evidence(found, LIMITS, 0.95), "invalid-run")

    assert doubt.severity is Severity.DOUBT
    assert "twice of it is no overload; raise load.users" in doubt.message


def test_the_time_line_shows_offered_timely_and_shed_in_numbers_that_json_knows() -> None:
    found = shedding.evidence(_found(Simulated(work=0.005, most=10)), LIMITS, 0.95)

    (picture,) = (item for item in found if isinstance(item, Evidence))
    json.dumps(picture.data, allow_nan=False)
    assert picture.kind == "timeline"
    requests, times = picture.data["panels"]
    assert list(requests["series"]) == ["offered", "in time", "shed"]
    assert list(times["series"]) == ["p50", "p99"]
    assert {len(line) for line in requests["series"].values()} == {len(requests["x"])}
    assert [mark["x"] for mark in picture.data["marks"]] == [1.0, 6.0]


def _rig(service: Simulated, deadline: float | None = 0.1) -> Any:
    return SimpleNamespace(
        plan=SimpleNamespace(deadline=deadline, users=64, seed=1), driver=service
    )


def test_the_recovery_is_waited_for_longer_than_its_limit(gate: Callable[..., Gate]) -> None:
    alive = SimpleNamespace(running=lambda: True)
    limits = {**LIMITS, "recovery": Limit.parse("<= 2 s")}

    found = measure_overload(gate(overload="5 s"), _rig(Simulated(work=0.005)), alive, limits)

    (recovery,) = (i for i in found if isinstance(i, Measurement) and i.name == "recovery")
    assert 5.5 < recovery.value <= 6.0
    assert limits["recovery"].judge(recovery) is Outcome.FAILED


def test_somebody_has_to_say_how_late_is_too_late(gate: Callable[..., Gate]) -> None:
    alive = SimpleNamespace(running=lambda: True)

    with pytest.raises(LoadError, match="set load.deadline"):
        measure_overload(gate(overload="5 s"), _rig(Simulated(), None), alive, LIMITS)


@pytest.mark.parametrize(
    ("running", "most", "rule"), [(False, 10, "candidate-ended"), (True, 0, "no-right-answer")]
)
def test_a_candidate_that_ends_or_never_answers_rightly_has_failed(
    gate: Callable[..., Gate], running: bool, most: int, rule: str
) -> None:
    endpoint = SimpleNamespace(running=lambda: running)
    rig = _rig(Simulated(work=0.005, most=most))

    (finding,) = measure_overload(gate(overload="2 s"), rig, endpoint, LIMITS)

    assert isinstance(finding, Finding)
    assert (finding.rule, finding.severity) == (rule, Severity.ERROR)


@pytest.mark.alone
def test_a_server_that_sheds_passes_under_real_load(
    gate: Callable[..., Gate], serve: Callable[..., Any], promise: Callable[..., Any]
) -> None:
    """The other half of the gallery's queue without an end."""
    server = serve(delay=0.01, single=True, shed=5)
    made = gate(rate="50 /s", overload="2 s")
    family = {"latency_p99": Limit.parse("<= 100 ms")}

    with Rig(made, server, promise(), family) as rig:
        found = measure_overload(made, rig, server, LIMITS)

    goodput, recovery, shed = (item for item in found if isinstance(item, Measurement))
    assert LIMITS["overload_goodput"].judge(goodput) is not Outcome.FAILED
    assert LIMITS["recovery"].judge(recovery) is Outcome.PASSED
    assert 30 < shed.value < 70
    assert {i.severity for i in found if isinstance(i, Finding) and i.rule == "shed"} == {
        Severity.INFO
    }
