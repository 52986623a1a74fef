"""Pairs of short blocks, candidate beside baseline, and the interval of their median ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import binomial
from harness.load.statistics.looks import Look

Values = NDArray[np.float64]

BASELINE, CANDIDATE = 0, 1
LEAST_CONFIDENCE = 0.98  # both ends of an interval hold with 99 % at least
_MOST_DRIFT = 1.25  # of the calibration spin around a pair
_MOST_STEAL = 0.05
_FIRST_LOOK = 12  # pairs
_GROWTH = 1.4


@dataclass(frozen=True, slots=True)
class Block:
    """Some requests to one side, one at a time; those at its start are left out."""

    p50: float  # seconds from the send; infinite where so many failed
    p90: float
    n: int
    failed: int
    doubts: tuple[str, ...] = ()  # why it shows nothing
    spins: tuple[float, ...] = ()  # seconds of the same calculation around it
    steal: float = 0.0  # share of processor time that the host's hypervisor withheld


@dataclass(frozen=True, slots=True)
class Pair:
    """Two neighbouring blocks, one of each side."""

    baseline: Block
    candidate: Block

    def log_ratio(self, level: str) -> float:
        """log(candidate / baseline) of `p50` or `p90`; not a number where neither has one."""
        ours, theirs = getattr(self.candidate, level), getattr(self.baseline, level)
        if math.isinf(ours) or math.isinf(theirs):
            return math.nan if ours == theirs else math.copysign(math.inf, ours - theirs)
        return math.log(ours / theirs) if theirs > 0 and ours > 0 else math.nan

    @property
    def doubt(self) -> str:
        """Why the pair tells nothing of the two sides: what the machine did meanwhile.

        It never looks at the latencies, and takes both blocks or none: leaving such pairs out
        favours neither side.
        """
        blocks = (self.baseline, self.candidate)
        spins = [seconds for block in blocks for seconds in block.spins if seconds > 0]
        drift = max(spins) / min(spins) if spins else 1.0
        steal = max(block.steal for block in blocks)
        told = [text for block in blocks for text in block.doubts]
        if told:
            return told[0]
        if drift > _MOST_DRIFT:
            return f"the same calculation took {drift:.2f} times as long before as after it"
        stolen = f"the host withheld {100 * steal:.0f} % of the processors"
        return stolen if steal > _MOST_STEAL else ""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Candidate over baseline; infinite where the candidate gave no right answers."""

    value: float
    low: float
    high: float
    n: int  # pairs
    bounded: bool  # whether so many pairs can bound it at that confidence


def order(chance: np.random.Generator) -> list[int]:
    """Sides of eight blocks: ABBA and BAAB, which of the two comes first is drawn.

    Whatever drifts over the eight, be it steadily or ever faster, is the same for both sides
    (randomised blocks). Running both at once, as duet benchmarking does (Bulej et al., ICPE 2020),
    cancels more of it, and takes twice the cores.
    """
    first = int(chance.integers(0, 2))
    four = [first, 1 - first, 1 - first, first]
    return [*four, *(1 - side for side in four)]


def kept(pairs: list[Pair]) -> list[Pair]:
    """The pairs that are judged: without the doubtful ones, where at least half are left.

    On a machine that is never calm nearly all of them are doubtful. Then all are kept: what
    disturbs both sides alike widens the interval, and that is enough.
    """
    calm = [pair for pair in pairs if not pair.doubt]
    return calm if 2 * len(calm) >= len(pairs) else pairs


def ratio(pairs: list[Pair], level: str, confidence: float) -> Ratio:
    """The median ratio of block `level`s ("p50", "p90"), its interval at `confidence`.

    Each end is the outer one of two that need no assumption about the shape of the noise: of the
    bootstrap over pairs, and of the sign test (order statistics at binomial ranks). The bootstrap
    of a median needs no drawing: the distribution of a resampled order statistic is binomial
    (Maritz and Jarrett, JASA 73, 1978). Single requests are never resampled, as neighbours are
    alike; pairs of neighbouring blocks are.
    """
    found = np.array([pair.log_ratio(level) for pair in pairs], dtype=np.float64)
    logs = np.sort(found[~np.isnan(found)])
    n = len(logs)
    if n == 0:
        return Ratio(math.inf, 0.0, math.inf, 0, False)
    alpha = (1 - confidence) / 2
    by_sign = _sign_rank(n, alpha)
    rank = min(_bootstrap_rank(n, alpha), max(1, by_sign))
    with np.errstate(over="ignore", invalid="ignore"):
        low, value, high = np.exp([logs[rank - 1], _median(logs), logs[n - rank]])
    return Ratio(float(value), float(low), float(high), n, by_sign > 0)


def _median(ordered: Values) -> float:
    """The upper one of two middle values where one of them is infinite."""
    middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
    return float(middle.mean()) if np.isfinite(middle).all() else float(middle[-1])


def _sign_rank(n: int, alpha: float) -> int:
    """Rank from both ends that holds the median with 1 - 2 alpha; 0: n is too small."""
    rank = 0
    while binomial.at_most(rank, n, 0.5) <= alpha:
        rank += 1
    return rank


def _bootstrap_rank(n: int, alpha: float) -> int:
    """Rank of the alpha-quantile of the (lower) median of resampled pairs."""
    middle = (n + 1) // 2
    low, high = 1, middle
    while low < high:
        rank = (low + high) // 2
        reached = binomial.at_least(middle, n, rank / n) > alpha
        low, high = (low, rank) if reached else (rank + 1, high)
    return low


def least_pairs(confidence: float) -> int:
    """Fewest pairs that can bound a median: even if all of them agree."""
    return math.ceil(math.log2(2 / (1 - confidence)))


def looks(most: int, confidence: float) -> tuple[Look, ...]:
    """When a comparison of at most `most` pairs may be judged, and at which confidence.

    Sizes grow geometrically; the risk 1 - confidence is shared out in proportion to the pairs
    that each look adds, as for the limits of the traffic. A look that could not bound anything
    is left out.
    """
    risk, sizes, n = 1 - confidence, list[int](), _FIRST_LOOK
    while n * _GROWTH <= most:
        spent = risk * (n - (sizes[-1] if sizes else 0)) / most
        if n >= least_pairs(1 - spent):
            sizes.append(n)
        n = 2 * math.ceil(n * _GROWTH / 2)
    ends = [*sizes, most]
    return tuple(
        Look(n, 1 - risk * (n - before) / most) for before, n in zip([0, *sizes], ends, strict=True)
    )
