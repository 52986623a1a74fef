"""Load: latency, errors, throughput and resources under the traffic that will come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from harness import Evidence, Finding, Limit, Measurement, Outcome, Severity, check

if TYPE_CHECKING:
    from harness.config import Gate
    from harness.load import Driver, Rig, Traffic, Turns
    from harness.model import Observation
    from harness.runtime import Endpoint


def _loaded(gate: Gate) -> str:
    return "" if gate.load else "gate.toml has no [load]"


def _measured(gate: Gate) -> str:
    if gate.candidate.url:
        return "the resources of a candidate that is given by its url cannot be measured"
    return _loaded(gate)


def _contained(gate: Gate) -> str:
    if gate.candidate.command:
        return "a candidate that runs as a process has no memory limit of its own"
    return _measured(gate)


def _soaked(gate: Gate) -> str:
    if gate.load and not gate.load.soak:
        return "load.soak is not set: leaks show after minutes of load"
    return _measured(gate)


def _comparable(gate: Gate) -> str:
    if gate.baseline_image is None:
        return "gate.toml has no baseline.image"
    if gate.candidate.url or gate.candidate.command:
        return "the baseline runs in a container and the candidate does not, which is not fair"
    return _loaded(gate)


def _repeatable(gate: Gate) -> str:
    if gate.load is not None and (gate.load.locustfile or gate.load.trace):
        return "the locustfile, or the trace, says itself which requests repeat"
    return _loaded(gate)


def _searched(gate: Gate) -> str:
    return "" if gate.load and gate.load.capacity else "gate.toml has no load.capacity"


def _overloaded(gate: Gate) -> str:
    return "" if gate.load and gate.load.overload else "gate.toml has no load.overload"


@check(
    limits={"latency_p99": "<= 250 ms"},
    measures=(
        "latency_p50",
        "latency_p90",
        "latency_p95",
        "latency_p99_9",
        "service_p99",
        "lateness_p99",
    ),
    applies=_loaded,
    labels=("name",),
)
def check_latency(
    traffic: Traffic, limits: Mapping[str, Limit]
) -> list[Measurement | Finding | Evidence]:
    """Answers stay within the latency budget under the declared traffic.

    Response times count from the planned start of each request, so that a service that stalls
    cannot hide the requests that it kept waiting; a failed request is slower than any limit.
    """
    from harness.load import latency_histogram, run_over_time

    shown = ("latency_p50", "latency_p95", "latency_p99", "service_p99", "lateness_p99")
    measured = _measured_as(traffic, *dict.fromkeys((*shown, *limits)))
    doubts = [
        *_doubts(traffic, measured, limits, harmless=True),
        *_floor(traffic, measured, limits),
    ]
    found: list[Measurement | Finding | Evidence] = [*doubts]
    doubted = any(doubt.severity is Severity.DOUBT for doubt in doubts)
    for item in measured:
        why = traffic.endless(item.name)
        # In doubt nothing fails: the stand-in for "infinite" is then judged as inconclusive.
        found.append(_endless(item.name, why, limits) if why and not doubted else item)
    found += [
        _unbounded(item, traffic, limits[item.name])
        for item in measured
        if item.name in limits and _undecided(item, traffic, limits[item.name])
    ]
    found.append(_sent(traffic))
    return [*found, latency_histogram(traffic), run_over_time(traffic)]


@check(limits={"error_rate": "<= 1 %"}, applies=_loaded, labels=("name",))
def check_errors(traffic: Traffic, limits: Mapping[str, Limit]) -> list[Measurement | Finding]:
    """Requests under load are answered, with 200 and as the contract says."""
    from harness.load import failed_requests

    measured = _measured_as(traffic, *dict.fromkeys(("error_rate", *limits)))
    found: list[Measurement | Finding] = [*measured]
    if traffic.died:
        found.append(Finding("candidate-ended", traffic.died))
    doubts = _doubts(traffic, measured, limits)
    outcomes = {limits[m.name].judge(m) for m in measured if m.name in limits}
    return [
        *found,
        *failed_requests(traffic, outcomes - {Outcome.FAILED} if doubts else outcomes),
        *doubts,
    ]


@check(
    limits={"throughput_share": ">= 95 %"},
    measures=("throughput", "offered_for", "goodput", "goodput_share"),
    applies=_loaded,
)
def check_throughput(traffic: Traffic, limits: Mapping[str, Limit]) -> list[Measurement | Finding]:
    """As many right answers come as requests are sent."""
    names = ("throughput", "throughput_share", "goodput", "goodput_share")
    measured = _measured_as(traffic, *names)
    notes = [Finding("load-run", text, severity=Severity.INFO) for text in traffic.notes]
    offered = Measurement("offered_for", traffic.warmup.seconds + traffic.window.seconds, "s")
    return [*measured, offered, *_doubts(traffic, measured, limits), *notes]


@check(limits={"memory_peak": "<= 90 %"}, measures=("memory_stalled",), applies=_measured)
def check_memory(traffic: Traffic) -> list[Measurement | Finding]:
    """Memory under load stays clear of the candidate's limit."""
    from harness.load import memory

    return memory(traffic) or pytest.skip("not measured: this runtime does not tell of memory")


@check(measures=("cpu_per_request", "throttled"), advisory=True, applies=_measured)
def check_processor(traffic: Traffic) -> list[Measurement]:
    """What a request costs in processor time, and how often the quota stopped the candidate."""
    from harness.load import processor

    return processor(traffic) or pytest.skip("not measured: this runtime tells no processor time")


@check(
    limits={"memory_leak": "<= 100 B"},
    measures=("descriptor_leak", "thread_leak"),
    advisory=True,
    applies=_soaked,
)
def check_leak(
    traffic: Traffic, limits: Mapping[str, Limit]
) -> list[Measurement | Finding | Evidence]:
    """Memory, open files and threads do not grow with the number of requests."""
    from harness.load import leak

    return leak(traffic, limits) or pytest.skip("not measured: too few samples of memory")


@check(limits={"latency_p50_ratio": "<= 1.05", "latency_p90_ratio": "<= 1.15"}, applies=_comparable)
def check_regression(
    gate: Gate, driver: Driver, turns: Turns, limits: Mapping[str, Limit]
) -> list[Observation]:
    """The candidate answers as fast as the baseline."""
    from harness.load import against_baseline

    return against_baseline(gate, driver, turns, limits)


@check(measures=("same_body_speedup",), advisory=True, applies=_repeatable)
def check_caching(rig: Rig, traffic: Traffic) -> list[Observation]:
    """The same request again is not answered much faster than one that is new."""
    from harness.load import measure_caching

    found = measure_caching(rig, traffic)
    return pytest.skip(found) if isinstance(found, str) else found


@check(measures=("max_rate", "headroom"), applies=_searched)
def check_capacity(
    gate: Gate, rig: Rig, endpoint: Endpoint, traffic: Traffic, limits: Mapping[str, Limit]
) -> list[Observation]:
    """The highest rate that keeps the limits is as high as it has to be."""
    from harness.load import measure_capacity

    return measure_capacity(gate, rig, endpoint, traffic, limits)


@check(
    limits={"overload_goodput": ">= 70 %", "recovery": "<= 5 s"},
    measures=("shed",),
    applies=_overloaded,
)
def check_overload(
    gate: Gate, rig: Rig, endpoint: Endpoint, limits: Mapping[str, Limit]
) -> list[Observation]:
    """At twice of what it can do it still does most of that, and is soon back to normal."""
    from harness.load import measure_overload

    return measure_overload(gate, rig, endpoint, limits)


@check(limits={"oom_kills": "== 0", "restarts": "== 0"}, applies=_contained)
def check_kills(rig: Rig, traffic: Traffic) -> list[Measurement | Finding]:
    """Under load nothing of the candidate is killed for memory, or crashes and is started anew."""
    from harness.load import kills

    found = kills(traffic, rig.endpoint.usage())
    return found or pytest.skip("not measured: this engine does not count kills")


def _measured_as(traffic: Traffic, *names: str) -> list[Measurement]:
    from harness.load import refuse_absent

    refuse_absent(traffic, names)
    return [item for item in map(traffic.measure, names) if item is not None]


def _doubts(
    traffic: Traffic,
    measured: list[Measurement],
    limits: Mapping[str, Limit],
    harmless: bool = False,
) -> list[Finding]:
    """What makes the run worthless, and, where a limit is not kept, what else may have broken it.

    A load generator that was held up only makes the figures worse: what passes in spite of it has
    passed, with a warning that one check tells for all (`harmless`).
    """
    kept = all(
        limits[item.name].judge(item) is Outcome.PASSED for item in measured if item.name in limits
    )
    weight = Severity.WARNING if kept else Severity.DOUBT
    doubted = [Finding("invalid-run", text, severity=Severity.DOUBT) for text in traffic.doubts]
    if traffic.excuses and (harmless or not kept):
        doubted.append(Finding("disturbed-run", "; ".join(traffic.excuses), severity=weight))
    return doubted


def _floor(
    traffic: Traffic, measured: list[Measurement], limits: Mapping[str, Limit]
) -> list[Finding]:
    """Limits on latencies that are no larger than what the load generator adds itself.

    Where that is not known, a limit that is kept in spite of it is kept.
    """
    kept = {
        m.name for m in measured if m.name in limits and limits[m.name].judge(m) is Outcome.PASSED
    }
    near = {
        name: traffic.near_floor(name, limit.in_unit("s"))
        for name, limit in limits.items()
        if limit.dimension == "time"
    }
    return [
        Finding(
            "near-floor",
            text,
            severity=Severity.WARNING if traffic.floor_problem and name in kept else Severity.DOUBT,
        )
        for name, text in near.items()
        if text
    ]


def _undecided(item: Measurement, traffic: Traffic, limit: Limit) -> bool:
    """No upper end, and not failed already by the lower one."""
    failed = item.low is not None and not limit.holds(item.low, item.unit)
    return bool(traffic.unbounded(item.name)) and not failed


def _endless(name: str, why: str, limits: Mapping[str, Limit]) -> Finding:
    limited = limits.get(name)
    return Finding(
        "no-right-answer",
        why,
        severity=Severity.INFO if limited is None else Severity.ERROR,
        expected="" if limited is None else f"{name} {limited.text}",
    )


def _unbounded(item: Measurement, traffic: Traffic, limit: Limit) -> Finding:
    return Finding(
        "too-few-requests",
        traffic.unbounded(item.name),
        severity=Severity.DOUBT,
        expected=f"{item.name} {limit.text}",
    )


def _sent(traffic: Traffic) -> Finding:
    """What was sent, for whoever looks for the cause."""
    told = [
        f"{traffic.rate:g} /s planned (seed {traffic.seed}), {traffic.n} judged"
        + (", ended early as every limit was decided" if traffic.ended_early else ""),
        f"{traffic.warmup.n} requests of the warm-up left out",
        f"{traffic.failed} requests failed and count as one hour each" if traffic.failed else "",
    ]
    text = "; ".join(part for part in told if part)
    return Finding("load-run", text, severity=Severity.INFO)
