"""The leak test on simulated soaks: how often it cries wolf, and how often it finds a leak.

    python -m benchmarks.leaks [--runs 1000] [--seed 1]

A run is looked at twice a second and asked 200 times a second. Memory is 200 MB, a warm-up of 10 to
80 MB with the time constant of the row, garbage that is collected every 3 to 40 s (`slow`: every
40 to 120 s) of up to 20 MB, noise of a first-order autoregression of 0.2 to 3 MB, and the leak.
Columns, % of the runs: `line` is a least-squares line through all looks of the second half with
p < 0.01; `minima` the line of Theil and Sen through the minima of quarters of a minute whose
interval lies above zero; `gate` what the gate calls a leak under its default limit of 100 B a
request, which are 1.2 MB a minute here; `pass` what it passes; the rest is inconclusive. Open
files: 20, a pool of up to 12 that opens slowly, and a flicker of 4.
To reach: `gate` at most 1 % without a leak, where the run is at least six time constants long.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from harness.limits import Limit
from harness.load.resources import leaks
from harness.load.resources.growth import MOST_IN_THOUSAND
from harness.load.resources.leaks import Trend, Values
from harness.load.resources.used import student
from harness.model import Measurement, Outcome

RATE = 200.0  # requests a second
EVERY = 0.5  # seconds between two looks
SETTLING, POOL = 3e6, 8.0  # as in harness.load.resources.growth
MB = 1e6
ROWS = (
    (300, 25, "quick"), (360, 25, "quick"), (360, 60, "quick"), (360, 25, "slow"),
    (600, 25, "quick"), (600, 100, "quick"), (600, 25, "slow"), (1800, 25, "quick"),
    (1800, 300, "quick"), (1800, 25, "slow"),
)  # fmt: skip
LEAKS = (0.0, 1.0, 2.0, 5.0, 10.0)  # MB a minute
FILES = (0.0, 0.5, 2.0, 5.0)  # for each thousand requests


@dataclass
class Shares:
    """How many runs of a cell said what."""

    line: int = 0
    minima: int = 0
    failed: int = 0
    passed: int = 0


def memory(
    seconds: float, tau: float, collected: str, leak: float, chance: np.random.Generator
) -> Values:
    """Bytes at each look."""
    at = np.arange(0, seconds + EVERY / 2, EVERY)
    period = chance.uniform(*((3, 40) if collected == "quick" else (40, 120)))
    garbage = chance.uniform(0, 20) * (((at + chance.uniform(0, period)) % period) / period)
    warm = chance.uniform(10, 80) * (1 - np.exp(-at / tau))
    noise = autoregression(len(at), chance.uniform(0.2, 3.0), 0.9, chance)
    used: Values = (200 + warm + garbage + noise + leak * at / 60) * MB
    return used


def autoregression(n: int, deviation: float, lag: float, chance: np.random.Generator) -> Values:
    """First-order, by its moving-average form cut where it no longer matters."""
    weights = lag ** np.arange(100)
    shocks = chance.normal(0, deviation * np.sqrt(1 - lag * lag), n + 99)
    return np.convolve(shocks, weights, mode="valid")


def files(seconds: float, leak: float, chance: np.random.Generator) -> Values:
    """Open files at each look."""
    at = np.arange(0, seconds + EVERY / 2, EVERY)
    pool = np.minimum(chance.integers(0, 13), at / chance.uniform(5, 60))
    flicker = chance.integers(0, 5, len(at))
    return np.floor(20 + pool + leak * at * RATE / 1000) + flicker


def line(at: Values, used: Values) -> bool:
    """What a least-squares line calls a leak: a slope above zero with p < 0.01, one-sided."""
    half = at >= at[-1] / 2
    x, y = at[half] - at[half].mean(), used[half] - used[half].mean()
    slope = float(x @ y / (x @ x))
    error = np.sqrt(np.sum((y - slope * x) ** 2) / (len(x) - 2) / (x @ x))
    return bool(slope > student(0.98, len(x) - 2) * error)


def judged(trend: Trend, per: float, settling: float, limit: Limit) -> Outcome:
    """What the gate makes of it; a run that is too short decides nothing."""
    sure = trend.cautious(settling)
    value, low, high = (per * end for end in (sure.slope, sure.low, sure.high))
    if not sure.enough:
        return Outcome.INCONCLUSIVE
    return limit.judge(Measurement("leak", value, limit.unit, low=low, high=high))


def cell(runs: list[Values], seconds: float, per: float, settling: float, limit: Limit) -> Shares:
    """All verdicts on the runs of one cell."""
    at = np.arange(0, seconds + EVERY / 2, EVERY)
    found = Shares()
    for values in runs:
        trend = leaks.trend(at, values, RATE * at, 0.95)
        if trend is None:
            raise RuntimeError(f"no trend in {seconds} s of looks: expected one in each run")
        outcome = judged(trend, per, settling, limit)
        found.line += line(at, values)
        found.minima += trend.low > 0
        found.failed += outcome is Outcome.FAILED
        found.passed += outcome is Outcome.PASSED
    return found


def text(name: str, shares: Shares, runs: int) -> str:
    """One row of the table, %."""
    counts = (shares.line, shares.minima, shares.failed, shares.passed)
    return f"{name} " + " ".join(f"{100 * count / runs:7.1f}" for count in counts)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    columns = f"{'line':>7} {'minima':>7} {'gate':>7} {'pass':>7}"
    limit = Limit.parse("<= 100 B")
    print(f"memory:  s  tau garbage  MB/min {columns}")
    for seconds, tau, collected in ROWS:
        for leak in LEAKS:
            chance = np.random.default_rng(told.seed)
            runs = [memory(seconds, tau, collected, leak, chance) for _ in range(told.runs)]
            found = cell(runs, seconds, 1.0, SETTLING, limit)
            print(text(f"{seconds:10d} {tau:4d} {collected:>7} {leak:7g}", found, told.runs))
    limit = Limit.parse(f"<= {MOST_IN_THOUSAND:g}")
    print(f"\nopen files: s  per 1000 {columns}")
    for seconds in (360, 600, 1800):
        for leak in FILES:
            chance = np.random.default_rng(told.seed)
            runs = [files(seconds, leak, chance) for _ in range(told.runs)]
            found = cell(runs, seconds, 1000.0, POOL, limit)
            print(text(f"{seconds:13d} {leak:9g}", found, told.runs))


if __name__ == "__main__":
    main()
