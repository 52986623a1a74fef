"""What the gate says of an overload: goodput, what was shed and how, the time back to normal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.config import Gate
from harness.limits import Limit
from harness.load.driving.rig import Rig
from harness.load.driving.window import Values
from harness.load.errors import LoadError
from harness.load.rates import overload
from harness.load.rates.curve import Alive, own_users
from harness.load.rates.overload import SHED, TIMES, Overload
from harness.model import Evidence, Finding, Measurement, Observation, Outcome, Severity
from harness.units import in_base

_LONGER = 1.5  # times the limit on the recovery, for which it is waited
_SPARE = 3.0  # seconds beyond
_UNLIMITED = 10.0  # seconds of recovery, where no limit is in force
_FOREVER = 3600.0  # seconds, that stand for the end of a recovery that was not seen
_RARE = 0.01  # share of the requests up to which something is only worth knowing
_MANY = 0.5  # share of the requests under overload
_GROSS = 0.5  # of the limit: so little goodput no held-up load generator explains
_WAITING = ("unanswered", "never sent", "connection refused")
_SLICES = 60


def measure_overload(
    gate: Gate, rig: Rig, endpoint: Alive, limits: Mapping[str, Limit]
) -> list[Observation]:
    """Send twice of what the service can do, for `load.overload`, and say what came of it.

    Raises LoadError where the load could not be made, or nothing says how late is too late.
    """
    assert gate.load is not None and gate.load.overload is not None
    deadline = rig.plan.deadline
    if deadline is None:
        raise LoadError(
            "load.overload: set load.deadline, or a limit on a latency: in time is when?"
        )
    limit = limits.get("recovery")
    longest = _UNLIMITED if limit is None else _LONGER * limit.in_unit("s") + _SPARE
    seconds = in_base(gate.load.overload, "time")
    plan = rig.plan
    found = overload.run(
        rig.driver,
        seconds,
        deadline,
        longest=longest,
        users=plan.users,
        most=own_users(gate, rig),
        seed=plan.seed,
    )
    if not endpoint.running():
        return [Finding("candidate-ended", "the candidate ended under the overload")]
    if found is None:
        return [
            Finding("no-right-answer", "not one request was answered rightly, without overload")
        ]
    return evidence(found, limits, gate.policy.confidence)


def evidence(found: Overload, limits: Mapping[str, Limit], confidence: float) -> list[Observation]:
    """An overload as evidence."""
    goodput = found.goodput(confidence)
    seconds, back = found.recovery
    measured = [
        Measurement(
            "overload_goodput",
            100 * goodput.value,
            "%",
            low=100 * goodput.low,
            high=100 * goodput.high,
            n=goodput.n,
        ),
        Measurement("recovery", seconds, "s", low=seconds, high=seconds if back else _FOREVER),
        Measurement("shed", 100 * found.shed()[SHED] / max(1, found.offered), "%", n=found.offered),
    ]
    return [
        *measured,
        *_doubts(found, measured, limits),
        *_late(found),
        *_kinds(found),
        Finding("overload-run", _told(found, seconds, back), severity=Severity.INFO),
        _picture(found),
    ]


def _doubts(
    found: Overload, measured: list[Measurement], limits: Mapping[str, Limit]
) -> list[Finding]:
    """What held up the load generator excuses a service that is near its limits, and no other."""
    outcomes = {m.name: limits[m.name].judge(m) for m in measured if m.name in limits}
    kept = all(outcome is Outcome.PASSED for outcome in outcomes.values())
    limit = limits.get("overload_goodput")
    gross = limit is not None and (measured[0].high or 0.0) < _GROSS * limit.in_unit("%")
    excuses = found.phase.excuses(found.deadline)
    weight = Severity.WARNING if kept or gross else Severity.DOUBT
    texts = [*found.phase.doubts(), *([] if found.saturated else [_unsaturated(found)])]
    doubts = [Finding("invalid-run", text, severity=Severity.DOUBT) for text in texts]
    return doubts + [Finding("disturbed-run", text, severity=weight) for text in excuses]


def _unsaturated(found: Overload) -> str:
    return (
        f"{found.capacity:.4g} right answers a second were all that the load generator asked for, "
        "and not all that the service can do: twice of it is no overload; raise load.users"
    )


def _late(found: Overload) -> list[Finding]:
    """The usual cause where an overload helps nobody: all wait, and nobody is refused."""
    late = found.late
    if len(late) <= _MANY * found.offered:
        return []
    return [
        Finding(
            "answered-too-late",
            f"{len(late)} of {found.offered} requests under overload were answered, but after "
            f"{np.median(late):.2g} s in the median: they wait in a queue without an end",
            severity=Severity.WARNING,
            expected=f"within {1e3 * found.deadline:.4g} ms, or 429 or 503 at once",
        )
    ]


def _kinds(found: Overload) -> list[Finding]:
    """To be refused quickly is what a client can live with; to be dropped is not."""
    told = []
    for kind, count in sorted(found.shed().items(), key=lambda item: (-item[1], item[0])):
        share = count / max(1, found.offered)
        weight = Severity.WARNING if kind in _WAITING or share <= _RARE else Severity.ERROR
        told.append(
            Finding(
                "shed" if kind == SHED else "not-shed",
                f"{count} of {found.offered} requests under overload: {kind}",
                severity=Severity.INFO if kind == SHED else weight,
                expected="an answer in time, or 429 or 503 at once",
                received=kind,
            )
        )
    return told


def _told(found: Overload, seconds: float, back: bool) -> str:
    again = "at once" if back and seconds == 0 else f"after {seconds:.1f} s"
    return (
        f"{found.capacity:.4g} right answers a second in a closed loop; "
        f"{TIMES * found.capacity:.4g} /s sent for {found.end - found.begin:g} s; in time is "
        f"within {1e3 * found.deadline:.4g} ms; back to normal "
        + (again if back else f"not within {seconds:.1f} s")
    )


def _picture(found: Overload) -> Evidence:
    """Offered, answered in time and shed beside one another, and the times beneath."""
    window = found.phase.window
    edges = np.linspace(0.0, float(window.planned[-1]) + 1e-6, _SLICES + 1)
    width = float(edges[1] - edges[0])
    timely = window.response <= found.deadline
    shed = np.isin(window.status, (429, 503)) & ~np.isfinite(window.response)

    def rate(chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[float]:
        return [float(n) / width for n in np.histogram(window.planned[chosen], edges)[0]]

    x = [float(edge) for edge in (edges[:-1] + edges[1:]) / 2]
    everything = np.ones(len(window.planned), dtype=np.bool_)
    answers = {"offered": rate(everything), "in time": rate(timely), "shed": rate(shed)}
    times = {
        name: [_level(part, level) for part in _parts(window.planned, window.response, edges)]
        for name, level in (("p50", 0.5), ("p99", 0.99))
    }
    marks = [{"x": found.begin, "name": "overload"}, {"x": found.end, "name": "half the load"}]
    panels = [
        {"name": "requests", "unit": "/s", "x": x, "series": answers},
        {"name": "response time", "unit": "ms", "x": x, "series": times},
    ]
    data = {"x_unit": "s", "panels": panels, "marks": marks}
    return Evidence("timeline", "Overload and recovery", data)


def _parts(at: Values, values: Values, edges: Values) -> list[Values]:
    """The finite values of each slice."""
    place = np.searchsorted(edges, at, side="right") - 1
    finite = np.isfinite(values)
    return [values[(place == index) & finite] for index in range(len(edges) - 1)]


def _level(values: Values, level: float) -> float | None:
    return 1e3 * float(np.quantile(values, level)) if len(values) else None
