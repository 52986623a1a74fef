"""The class that lost most, judged without crying wolf over classes of a few rows.

A maximum over many small classes is large by chance alone: with 100 rows a class and 2 % flips,
most good candidates have some class whose interval crosses a margin of 5 percentage points. So a
class is held to the margin on its own only where it has rows enough for a candidate that truly
loses nothing to be certified: with a chance of 80 % in all classes at once, at the flip rate of the
whole set (`planning.required_rows`). The classes below that are looked at together, the smallest
first, taking in more until they are enough. Each class, however small, still fails on evidence: an
interval wholly above the margin, after correction for the number of classes.

The interval belongs to the worst of these groups. Its upper end is the highest upper end of any
group, each at the full level: "no class lost more" is an intersection-union test, which needs no
correction (Berger, Technometrics 24:295-300, 1982). Its lower end is the highest lower end at a
level corrected for the number of classes (Bonferroni), as "some class lost more" needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.accuracy.planning import required_rows
from harness.accuracy.statistics import Interval, one_sided
from harness.accuracy.tables import Table

_POWER = 0.8  # that a candidate which loses nothing is certified in every class
OTHERS = "small classes together"


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst group, in percentage points."""

    name: str  # of the class, or `OTHERS`
    table: Table
    drop: Interval
    together: tuple[str, ...]  # classes too small to be held to the margin one by one
    needed: int | None  # rows a class needs for that; None: no number is enough


def worst_class(classes: Mapping[str, Table], margin: float, confidence: float) -> Worst:
    """The group of rows that lost most accuracy; `margin` is the accepted loss in pp.

    Raises ValueError where there are no classes.
    """
    if not classes:
        raise ValueError("no classes to compare")
    whole = sum(classes.values(), Table())
    # One flip more than was seen: no flips at all is not a flip rate of zero.
    flips = (whole.b + whole.c + 1) / (whole.n + 2)
    power = 1 - (1 - _POWER) / len(classes)
    needed = required_rows(flips, margin / 100, confidence, power)
    alarm = one_sided(1 - (1 - confidence) / (len(classes) + 1))
    groups = {name: t for name, t in classes.items() if t.drop(alarm).low > margin}
    together = _too_small({k: t for k, t in classes.items() if k not in groups}, needed)
    groups.update({k: t for k, t in classes.items() if k not in together})
    if together:
        groups[OTHERS] = sum((classes[name] for name in together), Table())
    level = one_sided(confidence)
    name = max(groups, key=lambda key: (groups[key].drop(level).value, groups[key].n))
    drop = Interval(
        groups[name].drop(level).value,
        max(table.drop(alarm).low for table in groups.values()),
        max(table.drop(level).high for table in groups.values()),
    )
    return Worst(name, groups[name], drop, together, needed)


def _too_small(classes: Mapping[str, Table], needed: int | None) -> tuple[str, ...]:
    """The classes that share a group: the smallest, until the group has `needed` rows."""
    if needed is None:
        return tuple(classes)
    chosen: list[str] = []
    rows = 0
    for name in sorted(classes, key=lambda key: classes[key].n):
        if classes[name].n >= needed and (not chosen or rows >= needed):
            break
        chosen.append(name)
        rows += classes[name].n
    return tuple(chosen)
