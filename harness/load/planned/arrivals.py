"""Arrivals: when each request of a run is planned to start, drawn before the run begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.load.errors import LoadError

Times = NDArray[np.float64]
Process = Literal["poisson", "constant"]

MOST = 20_000_000  # arrivals of one run: 160 MB of schedule, 640 MB of record
_APART = 1e-7  # seconds: what a double can tell apart in the uptime of any machine


def schedule(rate: float, seconds: float, *, seed: int, process: Process = "poisson") -> Times:
    """Planned start times in seconds from the start of the run, ascending, all below `seconds`.

    An open model: the times do not depend on the answers. A Poisson process is what many
    independent users make together; the seed makes it the same one each time.
    Raises ValueError for numbers that are not positive and finite, and for too many arrivals.
    """
    return profile([(rate, seconds)], seed=seed, process=process)


def profile(
    stages: Sequence[tuple[float, float]], *, seed: int, process: Process = "poisson"
) -> Times:
    """The same for stages of (rate, seconds), one after the other.

    Arrivals at rate one are drawn, and the clock is run as fast as the rate says (the inverse of
    the integrated rate; Cinlar, Introduction to Stochastic Processes, 1975).
    """
    for rate, seconds in stages:
        for name, value in (("rate", rate), ("seconds", seconds)):
            if not math.isfinite(value) or value <= 0:
                raise ValueError(f"{name} = {value!r}, expected a positive number")
    expected = sum(rate * seconds for rate, seconds in stages)
    if expected > MOST:
        raise ValueError(
            f"{expected / sum(lasts for _, lasts in stages):g} requests a second for "
            f"{sum(lasts for _, lasts in stages):g} s are {expected:.3g} requests, expected at "
            f"most {MOST}: lower the rate or shorten the duration"
        )
    edges = np.cumsum([0.0, *(seconds for _, seconds in stages)])
    passed = np.cumsum([0.0, *(rate * seconds for rate, seconds in stages)])
    if process == "constant":
        ticks = np.arange(math.ceil(expected - 1e-9), dtype=np.float64)
    else:
        ticks = _poisson(expected, np.random.default_rng(seed))
    return apart(np.interp(ticks, passed, edges))


def apart(times: Times) -> Times:
    """The same ascending times, each a tenth of a microsecond or more after the one before.

    So that a request can be told by its planned start. Times that are apart already are not
    touched, to the last bit.
    """
    if len(times) < 2 or float(np.min(np.diff(times))) > 0.9 * _APART:
        return times
    steps = np.arange(len(times)) * _APART
    spread: Times = np.maximum.accumulate(times - steps) + steps
    return spread


def save(path: Path, times: Times) -> None:
    """Leave a schedule for Locust's process. Raises LoadError where there is no room for it."""
    try:
        path.write_bytes(times.astype("<f8").tobytes())
    except OSError as problem:
        raise LoadError(f"the schedule cannot be written: {problem}") from None


def _poisson(seconds: float, random: np.random.Generator) -> Times:
    """Arrivals at rate one."""
    chunk = int(seconds + 6 * math.sqrt(seconds) + 16)
    times = np.cumsum(random.exponential(1.0, chunk))
    while times[-1] < seconds:
        more = np.cumsum(random.exponential(1.0, chunk))
        times = np.concatenate([times, times[-1] + more])
    return times[times < seconds]
