"""What every form of the report says in the same words and the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from harness.model import (
    CheckResult,
    Finding,
    JudgedMeasurement,
    Outcome,
    Severity,
    Verdict,
)
from harness.report.document import Report

_RANK = {
    outcome: rank
    for rank, outcome in enumerate(
        (Outcome.FAILED, Outcome.ERRORED, Outcome.INCONCLUSIVE, Outcome.SKIPPED, Outcome.PASSED)
    )
}
WEIGHT = {severity: rank for rank, severity in enumerate(Severity)}
_WEIGHING = (Severity.ERROR, Severity.DOUBT)
_SENTENCES = {
    Verdict.PASS: "The gate is open: every required check passed.",
    Verdict.FAIL: "The gate is closed: the candidate broke a required limit or rule.",
    Verdict.INCONCLUSIVE: "The gate is closed: the evidence does not decide yet.",
    Verdict.ERROR: "The gate is closed: something that is required could not be judged.",
}


def sentence(report: Report) -> str:
    """What the verdict means, in one sentence."""
    if report.verdict is Verdict.PASS and any(map(report.waiver_of, report.checks)):
        return "The gate is open: every required check passed, or its failure is waived."
    return _SENTENCES[report.verdict]


def tally(results: Iterable[CheckResult]) -> list[tuple[Outcome, int]]:
    """How many checks came to which outcome, the worst first; of those that were asked for."""
    counts = Counter(result.outcome for result in results if not result.left_out)
    return [(outcome, counts[outcome]) for outcome in _RANK if counts[outcome]]


def tally_text(results: Iterable[CheckResult]) -> str:
    """`2 failed, 1 skipped, 25 passed`, and how many the command line left out."""
    listed = list(results)
    parts = [f"{count} {outcome}" for outcome, count in tally(listed)]
    left_out = sum(result.left_out for result in listed)
    return ", ".join(parts + [f"{left_out} left out"] * (left_out > 0)) or "no checks"


def closes(report: Report, result: CheckResult) -> bool:
    """Whether this check keeps the gate closed."""
    if not result.required or result.outcome is Outcome.PASSED:
        return False
    return report.waiver_of(result) is None


def ordered(report: Report, results: Iterable[CheckResult]) -> list[CheckResult]:
    """What closes the gate first, then by outcome; else as they ran."""
    return sorted(results, key=lambda one: (not closes(report, one), _RANK[one.outcome]))


def families(report: Report) -> list[tuple[str, list[CheckResult]]]:
    """The checks by family: families that close the gate first, else as they ran.

    Without those that the command line left out: where they keep the gate closed, a reason says so.
    """
    groups: dict[str, list[CheckResult]] = {}
    for result in (one for one in report.checks if not one.left_out):
        groups.setdefault(result.family, []).append(result)
    listed = [(family, ordered(report, results)) for family, results in groups.items()]
    return sorted(listed, key=lambda group: not any(closes(report, one) for one in group[1]))


def telling(result: CheckResult) -> tuple[JudgedMeasurement, ...]:
    """The measurements that say most: those that did not pass, else the first that is limited."""
    bad = tuple(m for m in result.measurements if m.outcome not in (None, Outcome.PASSED))
    limited = tuple(m for m in result.measurements if m.limit is not None)
    return bad or limited[:1] or result.measurements[:1]


def seen(result: CheckResult) -> str:
    """One line of what a check without a telling number saw; "" where the numbers say it."""
    weighing = [one for one in result.findings if one.severity in _WEIGHING]
    bad = any(row.outcome not in (None, Outcome.PASSED) for row in result.measurements)
    if result.outcome is not Outcome.PASSED and weighing and not bad:
        more = f" (and {len(weighing) - 1} more)" if len(weighing) > 1 else ""
        return " at ".join(filter(None, (weighing[0].rule, weighing[0].location))) + more
    if result.measurements:
        return ""
    count = len(result.findings)
    return f"{count} finding{'' if count == 1 else 's'}" if count else result.reason


def findings(result: CheckResult) -> list[Finding]:
    """The weightiest first."""
    return sorted(result.findings, key=lambda finding: WEIGHT[finding.severity])


def check_of(report: Report, reason: str) -> CheckResult | None:
    """The check that a reason of the verdict speaks of."""
    return next((one for one in report.checks if reason.startswith(f"{one.id} ")), None)
