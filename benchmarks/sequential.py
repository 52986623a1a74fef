"""Rows to a verdict and error rates: early stopping, a fixed number of rows, and naive peeking.

    python -m benchmarks.sequential [--streams 500] [--rows 50000] [--block 128] [--seed 1]

A cell is a flip rate and a true loss; its streams are simulated row by row (as counts of blocks).
`early` is what the gate does: `anytime` at every block with a fifth of alpha, and at the end of the
data `paired` with four fifths. `fixed` tests once, after the rows that `required_rows` plans for
the flip rate. `peeking` looks at a plain 95 % Tango interval every 500 rows and believes the
first that decides. Errors are passes at a loss of the margin or more, and failures below it.
To reach: errors of `early` in no cell above 5 %.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.planning import required_rows
from harness.accuracy.statistics import beyond, log_evidence, shares, tango_statistic, within

MARGIN, CONFIDENCE, POWER = 0.005, 0.95, 0.8
PEEK = 500
CELLS = (
    (0.002, 0.0), (0.01, 0.0), (0.01, 0.002), (0.05, 0.0), (0.01, 0.005), (0.02, 0.005),
    (0.05, 0.005), (0.02, 0.01), (0.05, 0.02), (0.1, 0.05), (0.6, 0.58),
)  # fmt: skip
PASS, FAIL, OPEN = 1, -1, 0

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Outcome:
    """Of one method in one cell: for each stream a verdict, and the rows that it took."""

    verdicts: Ints
    rows: Ints

    def errors(self, loss: float) -> float:
        """Share of wrong verdicts; to leave it open is none."""
        return float(np.mean(self.verdicts == (PASS if loss >= MARGIN else FAIL)))

    def text(self, loss: float) -> str:
        """Passed, failed, errors in %, and the median of rows."""
        passed, failed = (100 * np.mean(self.verdicts == v) for v in (PASS, FAIL))
        median = int(np.median(self.rows))
        return f"{passed:6.1f} {failed:6.1f} {100 * self.errors(loss):6.1f} {median:7d}"


def streams(flips: float, loss: float, many: int, blocks: int, block: int, chance: Any) -> Ints:
    """Counts b and c after each block, shape (2, many, blocks)."""
    shares_of_rows = [(flips + loss) / 2, (flips - loss) / 2, 1 - flips]
    drawn = chance.multinomial(block, shares_of_rows, size=(many, blocks))
    total: Ints = np.cumsum(drawn[..., :2], axis=1).transpose(2, 0, 1)
    return total


def early(b: Ints, c: Ints, n: Ints) -> Outcome:
    """The gate's design."""
    level, last = shares(CONFIDENCE, True)
    assert level is not None
    bound = -math.log((1 - level) / 2)
    verdicts = np.where(log_evidence(b, c, n, MARGIN) >= bound, PASS, OPEN)
    verdicts[log_evidence(c, b, n, -MARGIN) >= bound] = FAIL
    found = first(verdicts, n)
    for i in np.flatnonzero(found.verdicts == OPEN):
        found.verdicts[i] = once(int(b[i, -1]), int(c[i, -1]), int(n[-1]), (1 - last) / 2)
    return found


def once(b: int, c: int, n: int, alpha: float) -> int:
    """One look, as `paired` judges."""
    if within(b, c, n, MARGIN) < alpha:
        return PASS
    return FAIL if beyond(b, c, n, MARGIN) < alpha else OPEN


def fixed(flips: float, loss: float, many: int, chance: Any) -> Outcome:
    """One look after the rows that were planned."""
    n = required_rows(flips, MARGIN, CONFIDENCE, POWER)
    assert n is not None
    b, c = streams(flips, loss, many, 1, n, chance)[..., 0]
    pairs = zip(b.tolist(), c.tolist(), strict=True)
    verdicts = [once(lost, won, n, 1 - CONFIDENCE) for lost, won in pairs]
    return Outcome(np.array(verdicts), np.full(many, n))


def peeking(flips: float, loss: float, many: int, rows: int, chance: Any) -> Outcome:
    """A look every 500 rows, as if each were the only one."""
    n = np.arange(1, rows // PEEK + 1) * PEEK
    b, c = streams(flips, loss, many, len(n), PEEK, chance)
    z = NormalDist().inv_cdf(CONFIDENCE)
    scores = np.vectorize(tango_statistic)(b, c, n, MARGIN)
    return first(np.where(scores < -z, PASS, np.where(scores > z, FAIL, OPEN)), n)


def first(verdicts: Ints, n: Ints) -> Outcome:
    """Of each stream the first verdict that is not open."""
    at = np.argmax(verdicts != OPEN, axis=1)
    found = verdicts[np.arange(len(at)), at]
    return Outcome(found, np.where(found == OPEN, n[-1], n[at]))


def main() -> None:
    """Print one line for each cell."""
    given = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    given.add_argument("--streams", type=int, default=500)
    given.add_argument("--rows", type=int, default=50_000)
    given.add_argument("--block", type=int, default=128)
    given.add_argument("--seed", type=int, default=1)
    chosen = given.parse_args()
    chance, many, worst = np.random.default_rng(chosen.seed), chosen.streams, 0.0
    print(f"margin {100 * MARGIN} pp, {many} streams a cell, at most {chosen.rows} rows; in %")
    head = "  pass   fail  error    rows"
    print(f"flips   loss | early{head} | fixed{head} | peeking{head}")
    for flips, loss in CELLS:
        blocks = chosen.rows // chosen.block
        n = np.arange(1, blocks + 1) * chosen.block
        b, c = streams(flips, loss, many, blocks, chosen.block, chance)
        gate = early(b, c, n)
        others = (fixed(flips, loss, many, chance), peeking(flips, loss, many, chosen.rows, chance))
        worst = max(worst, gate.errors(loss))
        print(
            f"{100 * flips:5.1f} {100 * loss:6.1f} |      {gate.text(loss)} |      "
            f"{others[0].text(loss)} |        {others[1].text(loss)}"
        )
    print(f"largest error rate of early: {100 * worst:.1f} % (to reach: at most 5 %)")


if __name__ == "__main__":
    main()
