"""Whether the same request again is answered faster than one that is new: kept answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.load.driving.phases import Phase
from harness.load.driving.rig import Rig
from harness.load.driving.window import Values
from harness.load.errors import LoadError
from harness.load.planned import arrivals
from harness.load.statistics import intervals
from harness.load.traffic import Traffic
from harness.model import Finding, Measurement, Observation, Severity

LEAST = 50  # requests on either side, fewer of which are no comparison
_REQUESTS = 100
_LONGEST = 3.0  # seconds
_SPARE = 1.3  # times LEAST that have to be planned, so that chance does not leave fewer
_FAR = 2.0  # times as fast: no chance, and no luck of a processor's caches


def measure_caching(rig: Rig, traffic: Traffic) -> list[Observation] | str:
    """Send one request again and again at the declared rate, and say how much faster it is.

    A text says why that cannot be measured. Raises LoadError where the load could not be made.
    """
    fresh = first_times(traffic, rig.plan.first, rig.distinct)
    if len(fresh) < LEAST:
        return _unknown(len(fresh), rig.distinct)
    seconds = min(_LONGEST, _REQUESTS / traffic.rate)
    if seconds * traffic.rate < _SPARE * LEAST:
        return f"not measured: {LEAST} requests at {traffic.rate:g} /s take more than {seconds:g} s"
    try:
        schedule = arrivals.schedule(traffic.rate, seconds, seed=traffic.seed)
    except ValueError as problem:
        raise LoadError(f"load: {problem}") from None
    same = rig.driver.open(schedule, bodies="same")
    return evidence(fresh, same, traffic.confidence, (*traffic.excuses, *same.excuses()))


def first_times(traffic: Traffic, first: int, distinct: int) -> Values:
    """Service times in seconds of the judged requests that had not been sent before.

    Requests go out in rotation: of the planned ones, counted from the start of the run, those
    below `distinct` are new; `first` is the place of the first that is judged.
    """
    window = traffic.window
    new = np.arange(first, first + len(window.planned)) < distinct
    times = window.service[new & np.isfinite(window.response)]
    return times[np.isfinite(times)]


def evidence(
    fresh: Values, same: Phase, confidence: float, excuses: Sequence[str] = ()
) -> list[Observation] | str:
    """Service times of new requests, and a phase of one and the same, as evidence.

    The two were not measured at the same time: `excuses` say why one of them may be slower.
    """
    window = same.window
    again = window.service[np.isfinite(window.response)]
    if len(again) < LEAST:
        return _unknown(len(again), len(fresh))
    apart = 1 - (1 - confidence) / 2  # two intervals are held against each other
    new, old = (intervals.percentile(times, 0.5, apart) for times in (fresh, again))
    speedup, low, high = new.value / old.value, new.low / old.high, new.high / old.low
    measured = Measurement(
        "same_body_speedup", speedup, low=low, high=high, n=min(len(fresh), len(again))
    )
    if low <= _FAR:
        return [measured]
    if excuses:
        return [measured, Finding("disturbed-run", excuses[0], severity=Severity.DOUBT)]
    text = (
        f"the same request again is answered in {1e3 * old.value:.3g} ms, a new one in "
        f"{1e3 * new.value:.3g} ms: answers are kept, so that the figures of this gate hold for "
        "requests that were not seen before, and a test that repeats itself would flatter it"
    )
    return [measured, Finding("kept-answers", text, severity=Severity.WARNING)]


def _unknown(n: int, distinct: int) -> str:
    return (
        f"not measured: {n} requests are too few to tell, expected {LEAST} that are new after the "
        f"warm-up, of {distinct} different ones that the contract gives: shorten load.warmup, or "
        "give more examples"
    )
