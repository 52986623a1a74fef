"""The two models of a comparison, and what is odd about their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model import Finding, Severity

if TYPE_CHECKING:
    from harness.accuracy.comparison import Comparison, ModelRun


def trouble(comparison: Comparison) -> list[Finding]:
    """Rows without a usable answer: they count as wrong, and are never passed over."""
    found = []
    # Of the reference they make the comparison doubtful, and say nothing about the candidate.
    sides = (
        ("reference", comparison.reference, Severity.DOUBT),
        ("candidate", comparison.candidate, Severity.ERROR),
    )
    rows = comparison.counts.rows
    for side, run, severity in sides:
        if run.odd.not_finite:
            found.append(
                Finding(
                    "not-finite",
                    f"the {side} answered NaN or infinity for {run.odd.not_finite} of {rows} rows",
                    severity=severity,
                    location=f"row {run.odd.not_finite_row}",
                    expected="finite scores",
                )
            )
        if run.odd.unanswered:
            found.append(
                Finding(
                    "unanswered",
                    f"the {side} gave no answer to {run.odd.unanswered} of {rows} rows",
                    severity=severity,
                    location=f"row {run.odd.unanswered_row}",
                    expected="an answer to every row",
                    received=run.odd.problem,
                )
            )
    return found


def models(comparison: Comparison) -> list[Finding]:
    """Which files were compared, and what ran them; a warning where both are the same."""
    sides = (("reference", comparison.reference), ("candidate", comparison.candidate))
    found = [_about(side, run) for side, run in sides]
    first, second = (run.identity.digest for _, run in sides)
    if first is not None and first == second:
        text = "reference and candidate are the same model, byte for byte: it cannot lose"
        found.append(Finding("same-model", text, severity=Severity.WARNING))
    return found


def _about(side: str, run: ModelRun) -> Finding:
    known = run.identity
    parts = [f"{side} {run.name}", f"run by {known.runtime}"]
    parts += [f"{known.bytes} bytes"] if known.bytes is not None else []
    parts += [known.digest] if known.digest else []
    return Finding("model", ", ".join(parts), severity=Severity.INFO)
