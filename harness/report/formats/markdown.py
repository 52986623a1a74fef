"""report.md: for the step summary of a CI job, or a comment; never longer than they take."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model import CheckResult, Finding, Outcome, Verdict
from harness.report import numbers, summary
from harness.report.document import Report
from harness.report.escape import cell, code, fence, markdown

FILE = "report.md"

MAX_CHARACTERS = 60_000  # a comment on GitHub takes 65,536
_RESERVE = 200  # for the line that says what was left out
_LONGEST = 1_500  # characters of one text
_VERDICTS = {
    Verdict.PASS: "\u2705",
    Verdict.FAIL: "\u274c",
    Verdict.INCONCLUSIVE: "\u2754",
    Verdict.ERROR: "\u26a0\ufe0f",
}
_OUTCOMES = {
    Outcome.PASSED: "\u2705",
    Outcome.FAILED: "\u274c",
    Outcome.INCONCLUSIVE: "\u2754",
    Outcome.ERRORED: "\u26a0\ufe0f",
    Outcome.SKIPPED: "\u23ed\ufe0f",
}


def render(report: Report) -> str:
    """Verdict, reasons, a table of the checks, findings: in this order, until the space is used."""
    written: list[str] = []
    room = MAX_CHARACTERS - _RESERVE
    left_out = 0
    for piece in _pieces(report):
        if left_out or len(piece) > room:
            left_out += 1
            continue
        written.append(piece)
        room -= len(piece)
    if left_out:
        written.append(f"\n_{left_out} more lines were left out; `report.html` has everything._\n")
    return "".join(written)


def _pieces(report: Report) -> Iterator[str]:
    """Whole lines or blocks: none is ever cut in the middle."""
    yield f"## {_VERDICTS[report.verdict]} {report.verdict}: {_text(report.subject.name)}\n\n"
    yield f"{summary.sentence(report)}\n\n"
    for reason in report.reasons:
        yield f"- {_text(reason)}\n"
    yield _facts(report)
    yield "\n| | check | measured | limit | time |\n|---|---|---|---|---:|\n"
    for _, results in summary.families(report):
        for result in results:
            yield _row(report, result)
    for _, results in summary.families(report):
        for result in results:
            yield from _findings(result)


def _facts(report: Report) -> str:
    subject = report.subject
    facts = [code(_short(subject.reference))]
    if subject.config_digest:
        facts.append(code(_short(subject.config_digest)))
    facts.append(f"policy {code(_short(report.policy.name))}")
    facts.append(summary.tally_text(report.checks))
    facts.append(numbers.seconds(report.duration_s))
    return "\n" + " \u00b7 ".join(facts) + "\n"


def _row(report: Report, result: CheckResult) -> str:
    gist = summary.seen(result)
    rows = () if gist else summary.telling(result)
    measured = [
        f"{_text(row.name)} **{_text(numbers.quantity(row.value, row.unit))}**" for row in rows
    ] or [_text(gist)]
    note = ""
    if report.waiver_of(result):
        note = " (waived)"
    elif not result.required:
        note = " (not required)"
    cells = (
        f"{_OUTCOMES[result.outcome]} {result.outcome}{note}",
        cell(_short(result.id)),
        "<br>".join(measured),
        "<br>".join(cell(_short(row.limit or "")) for row in rows),
        numbers.seconds(result.duration_s),
    )
    return "| " + " | ".join(cells) + " |\n"


def _findings(result: CheckResult) -> Iterator[str]:
    """The findings of a check that did not pass, under its own heading."""
    found = summary.findings(result)
    if result.outcome is Outcome.PASSED or not found:
        return
    yield f"\n### {code(_short(result.id))}\n\n{_text(result.title)}\n\n"
    for finding in found:
        yield _finding(finding)


def _finding(finding: Finding) -> str:
    where = f" at {code(_short(finding.location))}" if finding.location else ""
    rule = code(_short(finding.rule))
    lines = [f"- **{finding.severity}** {rule}{where}: {_text(finding.message)}"]
    for label in ("expected", "received"):
        value = getattr(finding, label)
        if value:
            lines.append(f"  - {label} {code(_short(value))}")
    text = "\n".join(lines) + "\n"
    return text + (f"\n{fence(finding.reproduce, 'sh')}\n\n" if finding.reproduce else "")


def _text(value: str) -> str:
    return markdown(_short(value))


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
