"""What is said of the slices of a comparison: the measurement, and findings that name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy.statistics import together
from harness.accuracy.worst import CLASS, Group, Rule, Worst, worst_slice
from harness.model import Finding, Measurement, Severity

if TYPE_CHECKING:
    from harness.accuracy.comparison import Comparison
    from harness.accuracy.counting import Table

_SHOWN = 40  # names in a finding


def slice_losses(comparison: Comparison, margin: float) -> list[Measurement | Finding]:
    """`worst_slice_drop`, and which slices stand behind it; `margin` is the limit in pp."""
    counts = comparison.counts
    tables: dict[str, Mapping[str, Table]] = {CLASS: counts.by_class(), **counts.by_slice()}
    tables = {column: parts for column, parts in tables.items() if parts}
    if not tables:
        raise ValueError("the comparison has neither classes nor slices")
    effect = 1.0
    if comparison.scheme.clusters is not None:
        effect = together(np.asarray(counts.clusters.sums)[:, :3])
    confidence = comparison.certainty  # what an early end left for each end of an interval
    rule = Rule(margin, confidence, comparison.ended_early, effect)
    worst = worst_slice(tables, rule)
    drop = worst.drop
    return [
        Measurement(
            *("worst_slice_drop", drop.value, "pp"),
            low=drop.low,
            high=drop.high,
            n=worst.group.n,
            about=worst.group.name,
        ),
        _named(worst.group, tables),
        *_alarms(worst, margin),
        *_open(worst),
    ]


def _named(group: Group, tables: Mapping[str, Mapping[str, Table]]) -> Finding:
    table = tables[group.column].get(group.value)
    right = f"{group.b} lost and {group.c} won"
    if table is not None:
        right = f"{table.reference_accuracy:.2f} % -> {table.candidate_accuracy:.2f} % right"
    text = f"{group.name}: {right} on {group.n} rows"
    return Finding("worst-slice", text, severity=Severity.INFO)


def _alarms(worst: Worst, margin: float) -> list[Finding]:
    if not worst.alarms:
        return []
    text = (
        f"lost more than {margin:g} pp, corrected for {worst.slices} slices (Holm): "
        f"{_names(sorted(worst.alarms, key=_loss, reverse=True), lost=True)}"
    )
    return [Finding("slices-lost", text, severity=Severity.WARNING)]


def _open(worst: Worst) -> list[Finding]:
    """Slices of which the rows tell nothing for certain: too small, or too near to the limit."""
    found = []
    if worst.together:
        few = "no number of rows" if worst.needed is None else f"{worst.needed} rows"
        text = (
            f"too small to be held to the limit one by one, which takes {few} each, and looked at "
            f"together: {_names(worst.together)}"
        )
        alone = len(worst.together) < worst.slices
        severity = Severity.INFO if alone else Severity.WARNING
        found.append(Finding("small-slices", text, severity=severity))
    if worst.undecided:
        text = f"neither certified nor refuted: {_names(worst.undecided)}"
        found.append(Finding("undecided-slices", text, severity=Severity.INFO))
    return found


def _loss(group: Group) -> float:
    return 100 * (group.b - group.c) / group.n


def _names(groups: Iterable[Group], *, lost: bool = False) -> str:
    every = [
        f"{group.name} ({f'{_loss(group):.3g} pp, ' * lost}{group.n} rows)" for group in groups
    ]
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more
