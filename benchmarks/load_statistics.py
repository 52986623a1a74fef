"""Percentile limits under queueing: how often a load run passes or fails wrongly, and how soon.

    python -m benchmarks.load_statistics [--runs 1000] [--percentile 99] [--seed 1] [--processes 2]

A cell is a queue with one server (M/D/1 or M/M/1 at 30, 56 or 80 % load, 200 requests a second, the
first 2 s left out) and the most requests that a run may judge; its runs are simulated request by
request and judged as the gate does, by all its looks at the default confidence, until one decides.
`at` has its limit at the true percentile: passed and failed, both wrong. `half` is a service at
half its limit: passed, passed by one of the first two looks, median of seconds; `twice` one at
twice its limit: failed, likewise. `textbook` is one look at the end by binomial ranks, as of
independent requests: passed at the limit, and at half of it; `MLPerf` the same by LoadGen's early
stopping (99 %). All in % of runs.
To reach: `at` passes in no cell in more than 2 %, and fails in none in more than 1 %.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from decimal import Decimal, getcontext
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness import binomial
from harness.config.policy import CONFIDENCE
from harness.load.statistics import intervals, looks

RATE, WARMUP = 200.0, 400
LOADS = (0.30, 0.56, 0.80)
MOST = (1000, 3000, 6000, 10000)
PASS, FAIL, OPEN = 1, -1, 0
_PIECE = 125  # runs that one process does at once

Values = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Cell:
    """One queue and one length of run; the unit of time is the mean service."""

    kind: str  # "D" or "M": of the service
    load: float
    most: int
    p: float

    @cached_property
    def truth(self) -> float:
        """The true percentile of the time from arrival to answer."""
        if self.kind == "M":
            return -math.log(1 - self.p) / (1 - self.load)
        low, high = 0.0, 1.0
        while waits_at_most(high, self.load) < self.p:
            high *= 2
        while high - low > 1e-9:
            middle = (low + high) / 2
            low, high = (
                (middle, high) if waits_at_most(middle, self.load) < self.p else (low, middle)
            )
        return 1.0 + high

    def run(self, chance: np.random.Generator) -> Values:
        """Times from arrival to answer in order of arrival, by Lindley's recursion."""
        n = self.most + WARMUP
        service = np.ones(n) if self.kind == "D" else chance.exponential(1.0, n)
        work = np.cumsum(service) - service - np.cumsum(chance.exponential(1 / self.load, n))
        answered: Values = work - np.minimum.accumulate(work) + service
        return answered[WARMUP:]


def waits_at_most(time: float, load: float) -> float:
    """P(W <= t) of M/D/1, service 1 (Erlang 1909); the sum alternates, hence the digits."""
    getcontext().prec = 80
    rho, t, total = Decimal(load), Decimal(time), Decimal(1 - load) * 0
    for k in range(int(t) + 1):
        x = rho * (t - k)
        power = (-x) ** k if k else Decimal(1)
        total += power / math.factorial(k) * x.exp()
    return float((1 - rho) * total)


def piece(cell: Cell, seed: tuple[int, ...], runs: int) -> tuple[Values, Ints]:
    """Ends of the interval at each look, (runs, looks, 2), and requests over the limit, (runs, 2).

    The latter at the end of the run, of a limit at the true percentile and at twice that.
    """
    chance = np.random.default_rng(seed)
    plan = looks.plan(cell.most, RATE, CONFIDENCE, cell.p)
    ends, over = np.zeros((runs, len(plan), 2)), np.zeros((runs, 2), dtype=np.int64)
    truth = cell.truth
    for i in range(runs):
        values = cell.run(chance)
        over[i] = [np.count_nonzero(values > limit) for limit in (truth, 2 * truth)]
        for j, look in enumerate(plan):
            found = intervals.percentile(values[: look.n], cell.p, look.confidence)
            ends[i, j] = found.low, found.high
    return ends, over


@dataclass(frozen=True)
class Judged:
    """Verdicts of the runs of a cell under one limit, and at which look they fell."""

    verdicts: Ints
    at: Ints
    seconds: Values

    def share(self, verdict: int, first: int | None = None) -> float:
        """% of the runs with that verdict, of the `first` looks where given."""
        early = self.at < (first or self.at.max(initial=0) + 1)
        return 100 * float(np.mean((self.verdicts == verdict) & early))


def judged(cell: Cell, ends: Values, limit: float) -> Judged:
    """The first verdict of each run that is not open."""
    n = np.array([look.n for look in looks.plan(cell.most, RATE, CONFIDENCE, cell.p)])
    verdicts = np.where(ends[..., 1] <= limit, PASS, np.where(ends[..., 0] > limit, FAIL, OPEN))
    at = np.argmax(verdicts != OPEN, axis=1)
    found = verdicts[np.arange(len(at)), at]
    at = np.where(found == OPEN, len(n) - 1, at)
    return Judged(found, at, n[at] / RATE)


def line(cell: Cell, ends: Values, over: Ints) -> tuple[str, float, float]:
    """The row of a cell, and its shares of false passes and false fails."""
    truth = cell.truth
    at, half, twice = (judged(cell, ends, truth * factor) for factor in (1, 2, 0.5))
    name = f"M/{cell.kind}/1 {100 * cell.load:3.0f} % {cell.most:6d}"
    texts = [
        f"{at.share(PASS):5.1f} {at.share(FAIL):5.1f}",
        f"{half.share(PASS):5.1f} {half.share(PASS, 2):5.1f} {np.median(half.seconds):5.1f} s",
        f"{twice.share(FAIL):5.1f} {twice.share(FAIL, 2):5.1f} {np.median(twice.seconds):5.1f} s",
        *(
            " ".join(f"{100 * float(np.mean(over[:, i] <= most)):5.1f}" for i in (0, 1))
            for most in (textbook(cell), mlperf(cell))
        ),
    ]
    return " | ".join([name, *texts]), at.share(PASS), at.share(FAIL)


def textbook(cell: Cell) -> int:
    """So many requests may be over the limit that the upper rank of the interval still keeps it."""
    return cell.most - binomial.ranks(cell.most, cell.p, CONFIDENCE)[1]


def mlperf(cell: Cell) -> int:
    """So many may be over it by LoadGen's rule: P(X <= t) <= 1 % of a binomial X; -1 for none."""
    over = -1
    while binomial.at_most(over + 1, cell.most, 1 - cell.p) <= 0.01:
        over += 1
    return over


def cells(p: float) -> Iterator[Cell]:
    """All of the table."""
    for kind in "DM":
        for load in LOADS:
            for most in MOST:
                yield Cell(kind, load, most, p)


def main() -> None:
    """Print one line for each cell."""
    given = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    given.add_argument("--runs", type=int, default=1000)
    given.add_argument("--percentile", type=float, default=99.0)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--processes", type=int, default=2)
    chosen = given.parse_args()
    sizes = [min(_PIECE, chosen.runs - done) for done in range(0, chosen.runs, _PIECE)]
    print(f"p{chosen.percentile:g}, {chosen.runs} runs a cell, confidence {CONFIDENCE}")
    heads = ("at: p, f", "half: p, soon, s", "twice: f, soon, s", "textbook: p", "MLPerf: p")
    widths = (11, 19, 19, 11, 11)
    told = [head.rjust(width) for head, width in zip(heads, widths, strict=True)]
    print(" | ".join(["queue".ljust(18), *told]))
    worst = [0.0, 0.0]
    with ProcessPoolExecutor(chosen.processes) as pool:
        waiting = [
            (cell, [pool.submit(piece, cell, (chosen.seed, i, j), n) for j, n in enumerate(sizes)])
            for i, cell in enumerate(cells(chosen.percentile / 100))
        ]
        for cell, futures in waiting:
            done = [future.result() for future in futures]
            ends, over = (np.concatenate([both[i] for both in done]) for i in (0, 1))
            text, passed, failed = line(cell, ends, over.astype(np.int64))
            worst = [max(worst[0], passed), max(worst[1], failed)]
            print(text, flush=True)
    print(f"most false passes {worst[0]:.1f} % (to reach: 2), false fails {worst[1]:.1f} % (1)")


if __name__ == "__main__":
    main()
