"""Load: latency, errors, throughput and resources under the traffic that will come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from harness import Evidence, Finding, Limit, Measurement, Outcome, Severity, check

if TYPE_CHECKING:
    from harness.config import Gate
    from harness.load import Traffic

_SHOWN = 5


def _loaded(gate: Gate) -> str:
    return "" if gate.load else "gate.toml has no [load]"


def _measured(gate: Gate) -> str:
    if gate.candidate.url:
        return "the resources of a candidate that is given by its url cannot be measured"
    return _loaded(gate)


def _throttleable(gate: Gate) -> str:
    if gate.candidate.command:
        return "a candidate that runs as a process has no processor quota"
    return _measured(gate)


@check(
    limits={"latency_p99": "<= 250 ms"},
    measures=("latency_p50", "latency_p90", "latency_p95", "latency_p99_9"),
    applies=_loaded,
)
def check_latency(
    traffic: Traffic, limits: Mapping[str, Limit]
) -> list[Measurement | Finding | Evidence]:
    """Answers stay within the latency budget under the declared traffic.

    Response times count from the planned start of each request, so that a service that stalls
    cannot hide the requests that it kept waiting; a failed request is slower than any limit.
    """
    from harness.load import latency_histogram, latency_over_time

    names = dict.fromkeys(("latency_p50", "latency_p95", "latency_p99", *limits))
    measured = _measured_as(traffic, *names)
    doubts = _doubts(traffic, measured, limits)
    found: list[Measurement | Finding | Evidence] = [*doubts]
    for item in measured:
        why = traffic.endless(item.name)
        # In doubt nothing fails: the stand-in for "infinite" is then judged as inconclusive.
        found.append(_endless(item.name, why, limits) if why and not doubts else item)
    found += [
        _unbounded(item, traffic, limits[item.name])
        for item in measured
        if item.name in limits and _undecided(item, traffic, limits[item.name])
    ]
    found.append(_clocks(traffic))
    return [*found, latency_histogram(traffic), latency_over_time(traffic)]


@check(limits={"error_rate": "<= 1 %"}, applies=_loaded)
def check_errors(traffic: Traffic, limits: Mapping[str, Limit]) -> list[Measurement | Finding]:
    """Requests under load are answered, with 200 and as the contract says."""
    measured = _measured_as(traffic, "error_rate")
    found: list[Measurement | Finding] = [*measured]
    if traffic.died:
        found.append(Finding("candidate-ended", traffic.died))
    for failure in traffic.failures[:_SHOWN]:
        status = f" (status {failure.status})" if failure.status else ""
        found.append(
            Finding(
                "failed-requests",
                f"{failure.count} requests failed: {failure.reason}",
                severity=Severity.WARNING,
                location=failure.name,
                expected="status 200 and an answer that keeps the contract",
                received=f"{failure.reason}{status}",
            )
        )
    return [*found, *_doubts(traffic, measured, limits)]


@check(
    limits={"throughput_share": ">= 95 %"}, measures=("throughput", "offered_for"), applies=_loaded
)
def check_throughput(traffic: Traffic, limits: Mapping[str, Limit]) -> list[Measurement | Finding]:
    """As many right answers come as requests are sent."""
    measured = _measured_as(traffic, "throughput", "throughput_share")
    notes = [Finding("load-run", text, severity=Severity.INFO) for text in traffic.notes]
    offered = Measurement("offered_for", traffic.warmup.seconds + traffic.window.seconds, "s")
    return [*measured, offered, *_doubts(traffic, measured, limits), *notes]


@check(limits={"memory_peak": "<= 90 %"}, measures=("memory_growth",), applies=_measured)
def check_memory(traffic: Traffic) -> list[Measurement | Evidence]:
    """Memory under load stays clear of the candidate's limit."""
    from harness.load import memory_over_time

    peak, growth = traffic.memory_peak_share(), traffic.memory_growth_mib()
    if peak is None:
        pytest.skip("not measured: this runtime does not tell the candidate's memory")
    samples = sum(1 for sample in traffic.usage if sample.memory_bytes is not None)
    found: list[Measurement | Evidence] = [Measurement("memory_peak", peak, "%", n=samples)]
    if growth is not None:
        found.append(Measurement("memory_growth", growth, "MiB", n=samples))
    picture = memory_over_time(traffic)
    return found if picture is None else [*found, picture]


@check(measures=("throttled",), advisory=True, applies=_throttleable)
def check_throttling(traffic: Traffic) -> list[Measurement]:
    """How often the processor quota stopped the candidate under load."""
    found = traffic.throttled_share()
    if found is None:
        pytest.skip("not measured: this runtime tells no periods of the processor quota")
    share, periods = found
    return [Measurement("throttled", share, "%", n=periods)]


def _measured_as(traffic: Traffic, *names: str) -> list[Measurement]:
    return [item for item in map(traffic.measure, names) if item is not None]


def _doubts(
    traffic: Traffic, measured: list[Measurement], limits: Mapping[str, Limit]
) -> list[Finding]:
    """What makes the run worthless, and, where a limit is not kept, what else may have broken it.

    A load generator that was held up only makes the figures worse: what passes in spite of it has
    passed.
    """
    kept = all(
        limits[item.name].judge(item) is Outcome.PASSED for item in measured if item.name in limits
    )
    texts = traffic.doubts if kept else (*traffic.doubts, *traffic.excuses)
    return [Finding("invalid-run", text, severity=Severity.DOUBT) for text in texts]


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


def _clocks(traffic: Traffic) -> Finding:
    """The other two clocks, for whoever looks for the cause."""
    service, late = traffic.service_ms(0.99), traffic.lateness_ms(0.99)
    told = [
        "" if service is None else f"service time from the send: p99 {service:.1f} ms",
        "" if late is None else f"the load generator's own lateness: p99 {late:.2f} ms",
        f"{traffic.rate:g} /s planned (seed {traffic.seed}), {traffic.n} judged"
        + (", ended early as every limit was decided" if traffic.ended_early else ""),
        f"{traffic.warmup.n} requests of the warm-up left out",
        f"{traffic.failed} requests failed and count as one hour each" if traffic.failed else "",
    ]
    text = "; ".join(part for part in told if part)
    return Finding("load-run", text, severity=Severity.INFO)
