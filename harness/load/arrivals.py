"""Arrivals: when each request of a run is planned to start, drawn before the run begins."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
Process = Literal["poisson", "constant"]

MOST = 5_000_000  # arrivals of one run: 40 MB of schedule


def schedule(rate: float, seconds: float, *, seed: int, process: Process = "poisson") -> Times:
    """Planned start times in seconds from the start of the run, ascending, all below `seconds`.

    An open model: the times do not depend on the answers. A Poisson process is what many
    independent users make together; the seed makes it the same one each time.
    Raises ValueError for numbers that are not positive and finite, and for too many arrivals.
    """
    for name, value in (("rate", rate), ("seconds", seconds)):
        if not math.isfinite(value) or value <= 0:
            raise ValueError(f"{name} = {value!r}, expected a positive number")
    if rate * seconds > MOST:
        raise ValueError(
            f"{rate:g} requests a second for {seconds:g} s are {rate * seconds:.3g} requests, "
            f"expected at most {MOST}: lower the rate or shorten the duration"
        )
    if process == "constant":
        return np.arange(math.ceil(rate * seconds), dtype=np.float64) / rate
    return _poisson(rate, seconds, np.random.default_rng(seed))


def _poisson(rate: float, seconds: float, random: np.random.Generator) -> Times:
    expected = rate * seconds
    chunk = int(expected + 6 * math.sqrt(expected) + 16)
    times = np.cumsum(random.exponential(1 / rate, chunk))
    while times[-1] < seconds:
        more = np.cumsum(random.exponential(1 / rate, chunk))
        times = np.concatenate([times, times[-1] + more])
    return times[times < seconds]
