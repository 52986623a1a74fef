"""Looks: when a running test may be judged, and how much of the risk each look may spend."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.binomial import least_samples
from harness.load.statistics.intervals import LEAST_INFLATION

LEAST_SECONDS = 5.0  # what comes once in some seconds should have had a chance to come
_GROWTH = 1.4
_BLIND = 0.1  # of its share is spent by a look that can only fail


@dataclass(frozen=True, slots=True)
class Look:
    """One planned look: after `n` judged requests, with intervals at `confidence`."""

    n: int
    confidence: float


def plan(most: int, rate: float, confidence: float, quantile: float) -> tuple[Look, ...]:
    """The looks of a run of at most `most` judged requests; the last one is after all of them.

    Looking again and again until the answer pleases breaks the promise of an interval. So the
    looks are fixed beforehand, at sample sizes that grow geometrically, and the risk
    1 - confidence is shared out among them (a spending function; Lan and DeMets, Biometrika 70,
    1983), by the root of the share of the requests that were seen (the power family of Kim and
    DeMets, Biometrika 74, 1987), so that the first look, which ends most runs, can pass. The
    shares add up by Boole's inequality, so no assumption about dependence is needed.

    `quantile` is the highest one that is judged. The first look may come before it could be
    bounded from above: it ends runs that fail beyond doubt. The others come when a run could pass.
    """
    risk = 1 - confidence
    looks: list[Look] = []
    spent = 0.0
    n = math.ceil(rate * LEAST_SECONDS)
    while n * _GROWTH <= most:
        due = risk * math.sqrt(n / most)
        able = n >= needed(quantile, 1 - (due - spent))
        if able or not looks:
            due *= 1.0 if able else _BLIND
            looks.append(Look(n, 1 - (due - spent)))
            spent = due
        n = math.ceil(n * (_GROWTH if able else 1.05))
    # The last look must be able to pass too; else the earlier ones have cost too much.
    while looks and most < needed(quantile, 1 - (risk - spent)):
        spent -= 1 - looks.pop().confidence
    return (*looks, Look(most, 1 - (risk - spent)))


def needed(quantile: float, confidence: float) -> int:
    """Fewest requests that can bound a quantile from above in a two-sided interval."""
    one_sided = 1 - (1 - confidence) / 2
    return max(
        math.ceil(LEAST_INFLATION * least_samples(quantile, one_sided)), least_samples(quantile)
    )
