"""The universal scalability law, fitted to throughput at rising concurrency: for information."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_POINTS = 4  # for three unknowns

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Law:
    """X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1)), in requests a second."""

    gamma: float  # one request at a time
    alpha: float  # contention: the share of the work that queues for one thing
    beta: float  # coherency: what each pair of requests costs beyond that
    fit: float  # share of the variance of the throughput that the law explains, at most 1

    @property
    def best(self) -> float | None:
        """The concurrency of the highest throughput; None where it only ever rises."""
        if self.beta <= 0:
            return None
        return math.sqrt(max(0.0, 1 - self.alpha) / self.beta)

    def at(self, concurrency: float) -> float:
        """Throughput in requests a second."""
        n = concurrency
        return self.gamma * n / (1 + self.alpha * (n - 1) + self.beta * n * (n - 1))


def fit(concurrency: Sequence[float], throughput: Sequence[float]) -> Law | None:
    """The law that comes closest; None for fewer than four points, or where nothing came back.

    N / X is linear in 1/gamma, alpha/gamma and beta/gamma (N. J. Gunther, Guerrilla Capacity
    Planning, Springer 2007): least squares of the relative error, where neither alpha nor beta
    may be negative.
    """
    n, x = np.asarray(concurrency, dtype=np.float64), np.asarray(throughput, dtype=np.float64)
    if len(n) < LEAST_POINTS or not np.all(x > 0):
        return None
    weighted = np.column_stack([np.ones_like(n), n - 1, n * (n - 1)]) * (x / n)[:, None]
    found = _not_negative(weighted)
    if found is None:
        return None
    law = Law(1 / found[0], found[1] / found[0], found[2] / found[0], 1.0)
    left = float(np.sum((x - [law.at(each) for each in n]) ** 2))
    spread = float(np.sum((x - x.mean()) ** 2))
    return Law(law.gamma, law.alpha, law.beta, 1 - left / spread if spread else 1.0)


def _not_negative(columns: Floats) -> list[float] | None:
    """Coefficients that bring the columns closest to one, none below zero: of all that are free."""
    target = np.ones(len(columns))
    best: tuple[float, list[float]] | None = None
    for free in ([0, 1, 2], [0, 1], [0, 2], [0]):
        solved = np.linalg.lstsq(columns[:, free], target, rcond=None)[0]
        if solved[0] <= 0 or np.any(solved < 0):
            continue
        left = float(np.sum((columns[:, free] @ solved - target) ** 2))
        if best is None or left < best[0]:
            full = [0.0, 0.0, 0.0]
            for place, value in zip(free, solved, strict=True):
                full[place] = float(value)
            best = left, full
    return None if best is None else best[1]
