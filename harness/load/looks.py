"""Looks: when a running test may be judged, and how much of the risk each look may spend."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.load.binomial import least_samples
from harness.load.statistics import LEAST_INFLATION

LEAST_SECONDS = 5.0  # what comes once in some seconds should have had a chance to come
_GROWTH = 1.4


@dataclass(frozen=True, slots=True)
class Look:
    """One planned look: after `n` judged requests, with intervals at `confidence`."""

    n: int
    confidence: float


def plan(most: int, rate: float, confidence: float, quantile: float) -> tuple[Look, ...]:
    """The looks of a run of at most `most` judged requests; the last one is after all of them.

    Looking again and again until the answer pleases breaks the promise of an interval. So the
    looks are fixed beforehand, at sample sizes that grow geometrically, and the risk
    1 - confidence is shared out among them in proportion to the requests that each adds (the
    linear spending function; Lan and DeMets, Biometrika 70, 1983; Kim and DeMets, Biometrika 74,
    1987). The shares add up by Boole's inequality, so no assumption about dependence is needed.

    `quantile` is the highest one that is judged. The first look may come before it could be
    bounded from above: it ends runs that fail beyond doubt. The others come when a run could pass.
    """
    risk = 1 - confidence
    sizes: list[int] = []
    n = math.ceil(rate * LEAST_SECONDS)
    while n * _GROWTH <= most:
        spent = risk * (n - (sizes[-1] if sizes else 0)) / most
        able = n >= needed(quantile, 1 - spent)
        if able or not sizes:
            sizes.append(n)
        n = math.ceil(n * (_GROWTH if able else 1.05))
    # The last look must be able to pass too; else the earlier ones have cost too much.
    while sizes and most < needed(quantile, 1 - risk * (most - sizes[-1]) / most):
        sizes.pop()
    ends = [*sizes, most]
    return tuple(
        Look(n, 1 - risk * (n - before) / most) for before, n in zip([0, *ends], ends, strict=False)
    )


def needed(quantile: float, confidence: float) -> int:
    """Fewest requests that can bound a quantile from above in a two-sided interval."""
    one_sided = 1 - (1 - confidence) / 2
    return max(
        math.ceil(LEAST_INFLATION * least_samples(quantile, one_sided)), least_samples(quantile)
    )
