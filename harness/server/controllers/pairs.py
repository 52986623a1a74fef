"""Control and experiment of one metric, compared by their medians with an exact interval.

The interval of a median is one of order statistics (`harness.binomial.ranks`), so nothing is
assumed of how values are spread, and nothing is drawn at random. Both medians share the chance of
error between them. An increase up to `allowed` times the control is fine where the experiment's
upper end is below that of the control's lower end, and too much where it is surely above.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.binomial import ranks
from harness.judge import number


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a metric may do: factors on the control's median; None: it may do as it likes."""

    increase: float | None = 1.0
    decrease: float | None = None


@dataclass(frozen=True, slots=True)
class Median:
    """A median, and what surely holds it."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Paired:
    """One metric, classified as Kayenta has it: Pass, High, Low or Nodata."""

    classification: Literal["Pass", "High", "Low", "Nodata"]
    reason: str
    control: Median | None
    experiment: Median | None


def compare(
    control: Sequence[float], experiment: Sequence[float], allowed: Allowed, confidence: float
) -> Paired:
    """Classify one metric; values that are not finite are left out and counted as absent."""
    level = (1 + confidence) / 2
    sides = [_median(values, level) for values in (control, experiment)]
    before, after = sides
    if before is None or after is None:
        counts = " and ".join(str(len(_finite(values))) for values in (control, experiment))
        return Paired("Nodata", f"too few values to tell: {counts}", before, after)
    if before.low < 0:
        return Paired("Nodata", "the control may be negative: no factor says much", before, after)
    said = f"{_shown(after)} beside {_shown(before)}"
    if allowed.increase is not None and after.low > allowed.increase * before.high:
        return Paired("High", f"{said}, may be {allowed.increase:g} times", before, after)
    if allowed.decrease is not None and after.high < allowed.decrease * before.low:
        return Paired("Low", f"{said}, may be {allowed.decrease:g} times", before, after)
    if _within(before, after, allowed):
        return Paired("Pass", said, before, after)
    return Paired("Nodata", f"{said}: too close to tell, more values would", before, after)


def _within(before: Median, after: Median, allowed: Allowed) -> bool:
    high = allowed.increase is None or after.high <= allowed.increase * before.low
    return high and (allowed.decrease is None or after.low >= allowed.decrease * before.high)


def _median(values: Sequence[float], confidence: float) -> Median | None:
    ordered = sorted(_finite(values))
    n = len(ordered)
    if n == 0 or 2 * n < len(values):  # of what is mostly absent, the rest says little
        return None
    low, high = ranks(n, 0.5, confidence)
    if low < 1 or high > n:
        return None
    middle = ordered[(n - 1) // 2] / 2 + ordered[n // 2] / 2  # halves: a sum may overflow
    return Median(middle, ordered[low - 1], ordered[high - 1], n)


def _finite(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _shown(side: Median) -> str:
    ends = f"{number(side.low)} to {number(side.high)}"
    return f"median {number(side.value)} ({ends}, n = {side.n})"
