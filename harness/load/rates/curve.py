"""What the gate says of a service's capacity: a rate between two others, a curve, a law."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate
from typing import Protocol

from harness.config import Gate
from harness.limits import Limit
from harness.load.driving.rig import Rig
from harness.load.errors import LoadError
from harness.load.rates.capacity import Capacity, search
from harness.load.rates.probes import Terms, of_run
from harness.load.traffic import Traffic
from harness.model import Evidence, Finding, Measurement, Observation, Outcome, Severity
from harness.units import in_base

# About so many of the probes lie so near to the border that chance could turn them.
_NEAR = 4
_FITS = 0.8  # share of what was measured: a law that explains less is none of this service


class Alive(Protocol):
    """What is asked of an Endpoint once it was put under more load than it was made for."""

    def running(self) -> bool:
        """Whether it still runs."""


def measure_capacity(
    gate: Gate, rig: Rig, endpoint: Alive, traffic: Traffic, limits: Mapping[str, Limit]
) -> list[Observation]:
    """Look for the highest rate that keeps the family's limits and say what came of it.

    Lasts about `load.capacity`; the main run counts as a rate that was tried. Raises LoadError
    where the load could not be made, or where there is no limit to be kept.
    """
    load = gate.load
    assert load is not None and load.capacity is not None
    terms = Terms.of(rig.plan.limits, 1 - (1 - gate.policy.confidence) / _NEAR)
    if not terms.limits:
        raise LoadError("load.capacity: neither a latency nor load.error_rate has a limit to keep")
    known = [] if load.profile or load.trace else of_run(traffic, terms)
    seconds = in_base(load.capacity, "time")
    plan = rig.plan
    found = search(
        rig.driver,
        terms,
        seconds,
        users=plan.users,
        most=own_users(gate, rig),
        seed=plan.seed,
        known=known,
    )
    if not endpoint.running():
        return [Finding("candidate-ended", "the candidate ended while its capacity was looked for")]
    return evidence(found, declared(gate, rig.plan.rate), limits)


def own_users(gate: Gate, rig: Rig) -> int | None:
    """How many users a locustfile has at the most; None: as many as it takes."""
    return rig.plan.users if gate.load and gate.load.locustfile else None


def declared(gate: Gate, mean: float) -> float:
    """The highest rate that gate.toml declares, requests a second."""
    stages = gate.load.profile if gate.load else []
    return max([in_base(stage.rate, "rate") for stage in stages], default=mean)


def evidence(found: Capacity, rate: float, limits: Mapping[str, Limit]) -> list[Observation]:
    """A search as evidence; `rate` is the declared one, requests a second."""
    n = sum(one.n for one in found.probes)
    low, high = found.low, found.high
    measured = [
        Measurement("max_rate", low, "/s", low=low, high=high, n=n),
        Measurement("headroom", low / rate, low=low / rate, high=high and high / rate, n=n),
    ]
    told = [Finding("capacity-run", text, severity=Severity.INFO) for text in found.notes]
    return [*measured, *_doubts(found, measured, limits), *told, *_law(found), _curve(found, rate)]


def _doubts(
    found: Capacity, measured: list[Measurement], limits: Mapping[str, Limit]
) -> list[Finding]:
    if found.low == 0:
        broke = any(one.outcome is Outcome.FAILED for one in found.probes)
        text = (
            "no rate that was tried keeps the limits"
            if broke
            else "no rate could be shown to keep the limits: raise load.capacity"
        )
        weight = Severity.WARNING if broke else Severity.DOUBT
        return [Finding("no-capacity", text, severity=weight)]
    open_ = [
        item.name
        for item in measured
        if item.high is None
        and item.name in limits
        and not limits[item.name].holds(item.value, item.unit)
    ]
    if not open_:
        return []
    text = (
        f"{' and '.join(open_)}: the load generator, or load.capacity, came to its end before the "
        f"service did, which kept {found.low:.4g} /s"
    )
    return [Finding("invalid-run", text, severity=Severity.DOUBT)]


def _law(found: Capacity) -> list[Finding]:
    law = found.law
    if law is None or law.fit < _FITS:
        return []
    best = "none, it only rises" if law.best is None else f"{law.best:.0f} at a time"
    text = (
        f"universal scalability law: {law.gamma:.4g} /s one at a time, contention {law.alpha:.3f}, "
        f"coherency {law.beta:.2g}; highest throughput by it: {best}; "
        f"it explains {100 * law.fit:.0f} % of what was measured"
    )
    return [Finding("scalability", text, severity=Severity.INFO)]


def _curve(found: Capacity, rate: float) -> Evidence:
    """Latency over rate: what one more request a second costs."""
    probes = sorted(found.probes, key=lambda one: one.rate)
    # Steps that bring no more answers, only longer times, stand above one another: the wall.
    x = list(accumulate((step.throughput for step in found.steps), max))
    rates = [one.rate for one in probes]
    lines_by_name = {
        "closed loop, p50": (x, [step.p50 for step in found.steps]),
        "closed loop, p99": (x, [step.p99 for step in found.steps]),
        "open loop, p99": (rates, [one.p99 for one in probes]),
    }
    series = {
        name: {"x": across, "y": [_ms(seconds) for seconds in up]}
        for name, (across, up) in lines_by_name.items()
        if across
    }
    lines: list[dict[str, object]] = [{"x": rate, "name": "declared"}]
    lines += [
        {"y": limit.in_unit("ms"), "name": f"{name} {limit.text}"}
        for name, limit in found.terms.limits.items()
        if limit.dimension == "time"
    ]
    high = found.high
    band = (
        [{"from": found.low, "to": high, "name": "capacity lies here"}] if high is not None else []
    )
    data = {
        "x_unit": "/s",
        "y_unit": "ms",
        "x_name": "requests a second",
        "y_name": "response time",
        "series": series,
        "bands": band,
        "lines": lines,
    }
    return Evidence("curve", "Response time at rising load", data)


def _ms(seconds: float) -> float | None:
    return 1e3 * seconds if math.isfinite(seconds) else None
