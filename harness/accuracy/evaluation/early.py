"""When an evaluation may end before its data does: once every limit is decided, at a block's end.

A stop that the counts themselves have chosen needs intervals that hold at any stop (`anytime`), and
rows in random order. Looks are made at fixed numbers of blocks, so that the stop is the same
wherever and in whatever order the blocks were computed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.accuracy.counting import Counts
from harness.accuracy.statistics import Interval, anytime, shares
from harness.accuracy.worst import CLASS, Rule, worst_slice
from harness.limits import Limit
from harness.model import Measurement, Outcome

if TYPE_CHECKING:
    from harness.config import AccuracyConfig

ROWS = 10_000  # with fewer a look costs more certainty at the end than it saves time
PAIRED = ("accuracy", "topk")  # metrics whose loss is (b - c) / n
WORST = "worst_slice_drop"
_DROP = "drop"
_GROWTH = 1.05  # of the number of rows between two looks


@dataclass(frozen=True, slots=True)
class Terms:
    """What an evaluation is held to."""

    confidence: float  # the policy's, of each end of an interval
    limits: Mapping[str, Limit]  # in force for what follows from the counts
    patient: bool = False  # whether one limit that is missed leaves the others of interest


def may_end_early(config: AccuracyConfig, rows: int) -> bool:
    """Whether looks before the end are worth their price, and valid.

    Rows that belong together (`clusters`) are no independent bets.
    """
    return config.early and config.metric in PAIRED and config.clusters is None and rows >= ROWS


def looks(blocks: int) -> Iterator[int]:
    """Numbers of blocks after which to look, rising; the end of the data is not one of them."""
    seen = 1
    while seen < blocks:
        yield seen
        seen = max(seen + 1, math.floor(seen * _GROWTH))


def decided(counts: Counts, terms: Terms) -> bool:
    """Whether more rows could not change the verdict: all limits kept, or one of them missed.

    The drop is what everybody asks for first, so it has to be decided in any case. A limit on
    something that has no interval of this kind is decided by all rows only.
    """
    level, _ = shares(terms.confidence, early=True)
    assert level is not None
    cheap = [name for name in sorted(terms.limits) if name != WORST]
    for names in (cheap, [WORST] if WORST in terms.limits else []):  # slices cost most: last
        found = {name: _outcome(name, terms.limits[name], counts, level) for name in names}
        settled = found.get(_DROP) is not Outcome.INCONCLUSIVE
        if Outcome.FAILED in found.values() and settled and not terms.patient:
            return True
        if Outcome.INCONCLUSIVE in found.values():
            return False
    return bool(terms.limits)


def _outcome(name: str, limit: Limit, counts: Counts, level: float) -> Outcome:
    measured = _slices(limit, counts, level) if name == WORST else _whole(name, counts, level)
    return Outcome.INCONCLUSIVE if measured is None else limit.judge(measured)


def _whole(name: str, counts: Counts, level: float) -> Measurement | None:
    """What a check would measure of all rows now."""
    table = counts.table()
    hits = {
        "agreement": counts.same,
        "flip_rate": table.b + table.c,
        "churn": counts.rows - counts.same,
        "reference_accuracy": table.both_right + table.b,
        "candidate_accuracy": table.both_right + table.c,
    }
    if name == _DROP:
        return _measured(name, anytime(table.b, table.c, counts.rows, level).scaled(100), "pp")
    if name in hits:
        return _measured(name, anytime(hits[name], 0, counts.rows, level).scaled(100), "%")
    return None


def _slices(limit: Limit, counts: Counts, level: float) -> Measurement | None:
    """What a check would measure of the worst slice now; None while some slice is small."""
    slices = {CLASS: counts.by_class(), **counts.by_slice()}
    if not any(slices.values()):
        return None
    worst = worst_slice(slices, Rule(limit.in_unit("pp"), (1 + level) / 2, early=True))
    return None if worst.together else _measured(WORST, worst.drop, "pp")


def _measured(name: str, found: Interval, unit: str) -> Measurement:
    return Measurement(name, found.value, unit, low=found.low, high=found.high)
