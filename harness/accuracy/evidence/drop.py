"""What the candidate lost in the metric: the measurement that the gate is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.accuracy.counting.table import Table
from harness.accuracy.evaluation.early import PAIRED
from harness.accuracy.evidence.models import models, trouble
from harness.accuracy.evidence.outputs import outputs
from harness.accuracy.evidence.reference import at_chance
from harness.accuracy.planning import more_rows
from harness.accuracy.statistics import Interval, mcnemar, newcombe
from harness.model import Evidence, Finding, Measurement, Observation, Severity

if TYPE_CHECKING:
    from harness.accuracy.comparison import Comparison
    from harness.limits import Limit

_BARS = 40  # classes that a chart can hold


def drop_evidence(comparison: Comparison, limit: Limit | None = None) -> list[Observation]:
    """`drop` with its interval, the metric of both models, and how all of it was found.

    With the `limit` on `drop` also how many more rows would decide, where that can be told.
    """
    counts = comparison.counts
    found: list[Observation] = [
        _drop(comparison, limit),
        *_values(comparison),
        *trouble(comparison),
        *at_chance(comparison),
        *models(comparison),
        Finding("method", _method(comparison), severity=Severity.INFO),
    ]
    if comparison.plan:
        found.append(Finding("planned", comparison.plan, severity=Severity.INFO))
    if comparison.scheme.kind == "numbers":  # others show it beside the changed answers
        found += [item for item in outputs(comparison) if isinstance(item, Finding)]
    if counts.by_class():
        found.append(_bars("Accuracy by class", counts.by_class()))
    found += [_bars(f"Accuracy by {name}", by) for name, by in counts.by_slice().items()]
    return found


def _drop(comparison: Comparison, limit: Limit | None) -> Measurement:
    drop, metric = comparison.drop, comparison.scheme.metric
    about = "" if metric == "accuracy" else metric
    if not comparison.measured.unit:  # of an error
        about += " (its growth in %)"
    more = None if limit is None else _more(comparison, limit)
    ends = {"low": drop.low, "high": drop.high}
    return Measurement(
        "drop", drop.value, "pp", **ends, n=comparison.counts.rows, about=about, more=more
    )


def _more(comparison: Comparison, limit: Limit) -> int | None:
    """Rows that would decide, where that is better known than by the root of their number."""
    paired = comparison.scheme.metric in PAIRED and comparison.scheme.clusters is None
    if not paired or comparison.ended_early or limit.operator not in ("<", "<="):
        return None
    table, margin = comparison.table, limit.in_unit("pp")
    return more_rows(table.b, table.c, table.n, margin, comparison.certainty) or None


def _values(comparison: Comparison) -> list[Measurement]:
    """The metric of each model; with an interval where it is a share of rows."""
    measured, counts = comparison.measured, comparison.counts
    pair = (("reference", measured.reference), ("candidate", measured.candidate))
    if comparison.scheme.metric not in PAIRED:
        return [
            Measurement(f"{side}_metric", value, measured.unit, n=counts.rows)
            for side, value in pair
        ]
    table = comparison.table
    right = {"reference": table.both_right + table.b, "candidate": table.both_right + table.c}
    return [_accuracy(comparison, side, value, right[side]) for side, value in pair]


def _accuracy(comparison: Comparison, side: str, value: float, right: int) -> Measurement:
    name, rows = f"{side}_accuracy", comparison.counts.rows
    if comparison.scheme.clusters is not None:
        return Measurement(name, value, "%", n=rows)
    ends = comparison.share(right).scaled(100)
    return Measurement(name, value, "%", low=ends.low, high=ends.high, n=rows)


def _method(comparison: Comparison) -> str:
    measured, table = comparison.measured, comparison.table
    end = "" if comparison.ended_early else f", {100 * comparison.level:g} % two-sided"
    text = f"drop in {comparison.scheme.metric}: {measured.method}{end}"
    if comparison.ended_early:
        text += f"; {comparison.counts.rows} of {comparison.job.rows} rows were enough"
    elif comparison.scheme.metric in PAIRED and comparison.scheme.clusters is None:
        other = newcombe(table.b, table.c, table.n, table.both_right, comparison.level)
        text += (
            f"; Newcombe's interval {_span(other.scaled(100))} pp; chance of so uneven a split of "
            f"the {table.b + table.c} flips if neither were better (McNemar, exact) "
            f"{_chance(mcnemar(table.b, table.c))}"
        )
    return text


def _chance(p: float) -> str:
    return f"{p:.2g}" if p > 0 else "under 1e-300"


def _span(interval: Interval) -> str:
    return f"{interval.low:.3f} to {interval.high:.3f}"


def _bars(title: str, tables: Mapping[str, Table]) -> Evidence:
    """Accuracy of both models; of many groups those that lost most, in their order."""
    lost = sorted(tables, key=lambda name: (tables[name].c - tables[name].b) / tables[name].n)
    kept = [name for name in tables if name in lost[:_BARS]]
    title = title if len(kept) == len(tables) else f"{title}: the {_BARS} that lost most"
    series = {
        "reference": [round(tables[name].reference_accuracy, 4) for name in kept],
        "candidate": [round(tables[name].candidate_accuracy, 4) for name in kept],
    }
    return Evidence("bars", title, {"unit": "%", "labels": kept, "series": series})
