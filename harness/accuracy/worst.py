"""The slice that lost most, judged without crying wolf over slices of a few rows.

Slices are the classes and the values of the user's columns. A maximum over many small ones is large
by chance alone: with 100 rows a slice and 2 % flips, most good candidates have some slice whose
interval crosses a margin of 5 percentage points. So a slice is held to the margin on its own only
where it has rows enough for a candidate that truly loses nothing to be certified: with a chance of
80 % in all slices at once, at the flip rate of the whole set (`planning.required_rows`). The slices
of a column below that are looked at together, the smallest first, taking in more until they are
enough. Each slice, however small, still fails on evidence.

The interval belongs to the worst of these groups. Its upper end is the highest upper end of any
group, each at the full level: "no slice lost more" is an intersection-union test, which needs no
correction (Berger, Technometrics 24:295-300, 1982). Its lower end is above the margin exactly where
Holm's procedure raises an alarm for at least one slice: it is the highest lower end at alpha over
the number of slices, Holm's first step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.planning import POWER, required_rows
from harness.accuracy.statistics import (
    Interval,
    beyond,
    holm,
    log_evidence,
    one_sided,
    paired,
    within,
)
from harness.accuracy.statistics.intervals import edge

Floats = NDArray[np.float64]

CLASS = "class"  # the column of the labels
TOGETHER = "(small ones together)"  # in place of a value


class Slice(Protocol):
    """Rows of one kind: how many, and how many flipped. `counting.Table` is one."""

    @property
    def n(self) -> int:
        """Rows."""

    @property
    def b(self) -> int:
        """Rows that only the reference gets right."""

    @property
    def c(self) -> int:
        """Rows that only the candidate gets right."""


@dataclass(frozen=True, slots=True)
class Group:
    """A slice, or the small slices of a column together."""

    column: str
    value: str  # of the column, or `TOGETHER`
    n: int
    b: int
    c: int

    @property
    def name(self) -> str:
        """As people say it: "class 7", "group a"."""
        return f"{self.column} {self.value}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What slices are held to."""

    margin: float  # the accepted loss, in pp
    confidence: float  # one-sided
    early: bool = False  # there are rows to come, and this is not the only look
    effect: float = 1.0  # design effect of the whole set, where rows belong to clusters

    def alarms(self, groups: list[Group]) -> list[float]:
        """P-value of each against "lost no more than the margin"."""
        b, c, n = self._counts(groups)
        margin = self.margin / 100
        if self.early:
            return [math.exp(min(0.0, -x)) for x in log_evidence(c, b, n, -margin).tolist()]
        return [beyond(*one, margin) for one in zip(b.tolist(), c.tolist(), n.tolist())]

    def doubts(self, groups: list[Group]) -> list[bool]:
        """Of each whether it may have lost more than the margin."""
        b, c, n = self._counts(groups)
        margin = self.margin / 100
        if self.early:
            enough = -math.log(1 - self.confidence)
            return [x < enough for x in log_evidence(b, c, n, margin).tolist()]
        every = zip(b.tolist(), c.tolist(), n.tolist())
        return [within(*one, margin) >= 1 - self.confidence for one in every]

    def ends(self, groups: list[Group], several: int) -> tuple[float, float]:
        """The highest lower end, corrected for `several` tests, and the highest upper one; pp."""
        b, c, n = self._counts(groups)
        strict = 1 - (1 - self.confidence) / several
        if not self.early:
            every = list(zip(b.tolist(), c.tolist(), n.tolist()))
            low = max(paired(*one, one_sided(strict)).low for one in every)
            high = max(paired(*one, one_sided(self.confidence)).high for one in every)
            return 100 * low, 100 * high
        # The ends of `anytime`, of all groups in one search.
        harm, ease = -math.log(1 - strict), -math.log(1 - self.confidence)
        low = -edge(lambda t: bool((log_evidence(c, b, n, t) < harm).all()), -1.0, 1.0)
        high = edge(lambda t: bool((log_evidence(b, c, n, t) < ease).any()), -1.0, 1.0)
        return 100 * low, 100 * high

    def _counts(self, groups: list[Group]) -> tuple[Floats, Floats, Floats]:
        table = np.array([(g.b, g.c, g.n) for g in groups], np.float64) / self.effect
        b, c, n = table.T
        return b, c, np.maximum(n, 1.0)


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst group, and what can and cannot be said of the others."""

    group: Group
    drop: Interval  # pp
    alarms: tuple[Group, ...]  # slices that lost more than the margin, after Holm's correction
    undecided: tuple[Group, ...]  # groups of which the rows tell neither
    together: tuple[Group, ...]  # slices too small to be held to the margin one by one
    slices: int
    needed: int | None  # rows a slice needs for that; None: no number is enough


def worst_slice(slices: Mapping[str, Mapping[str, Slice]], rule: Rule) -> Worst:
    """The group of rows that lost most.

    `slices` are column -> value -> counts, the classes under `CLASS`. An early look may stop the
    run only where `together` is empty: which slices are small is not settled before the last row.
    Raises ValueError where there are no slices with rows.
    """
    every = [
        Group(column, value, part.n, part.b, part.c)
        for column, parts in slices.items()
        for value, part in parts.items()
        if part.n
    ]
    if not every:
        raise ValueError("no slices to compare")
    needed, alarms = _needed(every, rule), _alarms(every, rule)
    groups, together = list(alarms), list[Group]()
    for column in slices:
        rest = [group for group in every if group.column == column and group not in alarms]
        small = _too_small(rest, needed)
        groups += [group for group in rest if group not in small] + _joined(small)
        together += small
    group = max(groups, key=lambda g: (g in alarms, (g.b - g.c) / g.n, g.n))
    value = 100 * (group.b - group.c) / group.n
    low, high = rule.ends(groups, len(every))
    doubts = zip(groups, rule.doubts(groups), strict=True)
    return Worst(
        group,
        Interval(value, min(low, value), max(high, value)),
        alarms,
        tuple(g for g, doubtful in doubts if doubtful and g not in alarms),
        tuple(together),
        len(every),
        needed,
    )


def _needed(every: list[Group], rule: Rule) -> int | None:
    """Rows with which a harmless candidate is certified in all slices, with a chance of 80 %."""
    first = [group for group in every if group.column == every[0].column]
    rows, flips = (sum(x) for x in zip(*((g.n, g.b + g.c) for g in first), strict=True))
    # One flip more than was seen: no flips at all is not a flip rate of zero.
    rate, power = (flips + 1) / (rows + 2), 1 - (1 - POWER) / len(every)
    found = required_rows(rate, rule.margin / 100, rule.confidence, power)
    return None if found is None else math.ceil(found * rule.effect)


def _alarms(every: list[Group], rule: Rule) -> tuple[Group, ...]:
    adjusted = holm(rule.alarms(every))
    pairs = zip(every, adjusted, strict=True)
    return tuple(group for group, p in pairs if p < 1 - rule.confidence)


def _too_small(groups: list[Group], needed: int | None) -> list[Group]:
    """The slices that share a group: the smallest, until the group has `needed` rows."""
    if needed is None:
        return groups
    chosen: list[Group] = []
    rows = 0
    for group in sorted(groups, key=lambda g: g.n):
        if group.n >= needed and (not chosen or rows >= needed):
            break
        chosen.append(group)
        rows += group.n
    return chosen


def _joined(small: list[Group]) -> list[Group]:
    if len(small) < 2:
        return small
    n, b, c = (sum(x) for x in zip(*((g.n, g.b, g.c) for g in small), strict=True))
    return [Group(small[0].column, TOGETHER, n, b, c)]
