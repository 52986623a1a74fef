"""Accuracy: what the candidate's model lost against the reference, on the same rows."""

from __future__ import annotations

from collections.abc import Mapping

from harness import Evidence, Finding, Limit, Measurement, Severity, check
from harness.accuracy import (
    OTHERS,
    Comparison,
    Flip,
    Interval,
    ModelRun,
    Table,
    worst_class,
)
from harness.config import Gate

_SHOWN = 10  # flipped rows that become findings
_BARS = 40  # classes that a chart can hold


def _configured(gate: Gate) -> str:
    return "" if gate.accuracy is not None else "the gate has no [accuracy]"


@check(
    limits={"drop": "<= 1 pp"},
    measures=("reference_accuracy", "candidate_accuracy"),
    applies=_configured,
)
def check_drop(comparison: Comparison) -> list[Measurement | Finding | Evidence]:
    """The candidate lost no more accuracy than the margin allows.

    Both models see the same rows, so that only rows which one of them gets right count. The
    interval is Tango's for paired proportions; either end of it alone holds at the policy's
    confidence, so passing is a one-sided test of non-inferiority. Positive means worse.
    """
    table = comparison.table
    return [
        _measured("drop", comparison.drop, "pp", table.n),
        Measurement("reference_accuracy", table.reference_accuracy, "%", n=table.n),
        Measurement("candidate_accuracy", table.candidate_accuracy, "%", n=table.n),
        *_trouble(comparison),
        _about("reference", comparison.reference),
        _about("candidate", comparison.candidate),
        _bars("Accuracy by class", comparison.classes),
        *(_bars(f"Accuracy by {name}", tables) for name, tables in comparison.slices.items()),
    ]


@check(limits={"agreement": ">= 95 %"}, measures=("flip_rate",), applies=_configured)
def check_agreement(comparison: Comparison) -> list[Measurement | Finding | Evidence]:
    """The candidate gives the same answers as the reference.

    Equal accuracy can hide that many answers changed, some for the better and as many for the
    worse. The interval is Wilson's.
    """
    table = comparison.table
    changed = table.b + table.c + table.w
    summary = Finding(
        "changed-answers",
        f"{changed} of {table.n} answers changed: {table.b} for the worse, {table.c} for the "
        f"better, {table.w} from one wrong answer to another",
        severity=Severity.INFO,
    )
    found: list[Measurement | Finding | Evidence] = [
        _measured("agreement", comparison.agreement, "%", table.n),
        Measurement("flip_rate", 100 * table.flips, "%", n=table.n),
        summary,
    ]
    found += [_flipped(flip) for flip in comparison.flips[:_SHOWN]]
    if comparison.flips:
        text = "\n".join(_line(flip) for flip in comparison.flips)
        found.append(Evidence("text", "First changed answers", {"text": text}))
    return found


@check(limits={"worst_class_drop": "<= 5 pp"}, applies=_configured)
def check_worst_class(
    comparison: Comparison, limits: Mapping[str, Limit]
) -> list[Measurement | Finding | Evidence]:
    """No single class lost much more accuracy than the whole.

    A class is held to the limit on its own where it has rows enough for a good candidate to be
    certified; smaller classes are looked at together, and fail alone only on clear evidence. So
    a class of twenty rows cannot hold up a release, and a class that broke cannot slip through.
    """
    margin = limits["worst_class_drop"].in_unit("pp")
    worst = worst_class(comparison.classes, margin, comparison.confidence)
    name = worst.name if worst.name == OTHERS else f"class {worst.name}"
    table = worst.table
    found: list[Measurement | Finding | Evidence] = [
        _measured("worst_class_drop", worst.drop, "pp", table.n),
        Finding(
            "worst-class",
            f"{name}: {table.reference_accuracy:.2f} % -> {table.candidate_accuracy:.2f} % right "
            f"on {table.n} rows",
            severity=Severity.INFO,
        ),
    ]
    if worst.together:
        few = "no number of rows" if worst.needed is None else f"about {worst.needed} rows"
        shown = ", ".join(worst.together[:_BARS])
        more = f" and {len(worst.together) - _BARS} more" if len(worst.together) > _BARS else ""
        alone = len(worst.together) < len(comparison.classes)
        found.append(
            Finding(
                "small-classes",
                f"looked at together, as {few} a class would certify the limit: {shown}{more}",
                severity=Severity.INFO if alone else Severity.WARNING,
            )
        )
    return found


def _measured(name: str, interval: Interval, unit: str, n: int) -> Measurement:
    return Measurement(name, interval.value, unit, low=interval.low, high=interval.high, n=n)


def _trouble(comparison: Comparison) -> list[Finding]:
    """Rows without a usable answer: they count as wrong, and are never passed over."""
    found = []
    # Of the reference they make the comparison doubtful, and say nothing about the candidate.
    sides = (
        ("reference", comparison.reference, Severity.DOUBT),
        ("candidate", comparison.candidate, Severity.ERROR),
    )
    for side, run, severity in sides:
        if run.not_finite:
            found.append(
                Finding(
                    "not-finite",
                    f"the {side} answered NaN or infinity for {run.not_finite} of "
                    f"{comparison.table.n} rows",
                    severity=severity,
                    location=f"row {run.not_finite_row}",
                    expected="finite scores",
                )
            )
        if run.unanswered:
            found.append(
                Finding(
                    "unanswered",
                    f"the {side} gave no answer to {run.unanswered} of {comparison.table.n} rows",
                    severity=severity,
                    location=f"row {run.unanswered_row}",
                    expected="a class or scores for every row",
                    received=run.problem,
                )
            )
    return found


def _about(side: str, run: ModelRun) -> Finding:
    parts = [f"{side} {run.name}", f"run by {run.runtime}"]
    parts += [f"{run.bytes} bytes"] if run.bytes is not None else []
    parts += [run.digest] if run.digest else []
    return Finding("model", ", ".join(parts), severity=Severity.INFO)


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


def _flipped(flip: Flip) -> Finding:
    return Finding(
        "harmed" if flip.harmful else "changed",
        f"row {flip.row}: label {flip.label}",
        severity=Severity.INFO,
        location=f"row {flip.row}",
        expected=f"{flip.reference} (reference)",
        received=f"{flip.candidate} (candidate)",
    )


def _line(flip: Flip) -> str:
    mark = "worse" if flip.harmful else "other"
    text = f"row {flip.row}: label {flip.label}, reference {flip.reference}"
    return f"{text}, candidate {flip.candidate} ({mark}){_scores(flip)}"


def _scores(flip: Flip) -> str:
    """The scores of both answers, where there are any and they are few."""
    if not flip.reference_scores or len(flip.reference_scores) > 16:
        return ""
    first = " ".join(f"{score:.3g}" for score in flip.reference_scores)
    second = " ".join(f"{score:.3g}" for score in flip.candidate_scores)
    return f"\n  reference: {first}\n  candidate: {second}"
