"""The report as the page shows it: grouped, ordered, drawn; the template only lays it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from harness.model import CheckResult, Finding, JudgedMeasurement, Outcome
from harness.report import bar, charts, numbers, summary
from harness.report.document import Report


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement."""

    name: str
    value: str
    limit: str
    outcome: str  # "info" where it has no limit
    details: str  # interval and number of samples
    bar: Markup


@dataclass(frozen=True, slots=True)
class Card:
    """One check."""

    anchor: str
    check: CheckResult
    closes: bool
    note: str  # why it does not close the gate though it did not pass
    gist: str  # one line: the reason, or what was measured
    rows: tuple[Row, ...]
    charts: tuple[tuple[str, Markup], ...]  # title and picture
    findings: tuple[Finding, ...]
    duration: str

    @property
    def empty(self) -> bool:
        """Whether there is nothing to unfold."""
        return not (self.rows or self.charts or self.findings)


@dataclass(frozen=True, slots=True)
class Family:
    """The checks of one family."""

    name: str
    cards: tuple[Card, ...]
    tally: str
    outcome: str  # the worst that closes the gate, else "passed" or "skipped"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know about the run."""

    label: str
    text: str
    wide: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of the verdict; it leads to its check where it speaks of one."""

    anchor: str
    check: str
    text: str
    outcome: str


def families(report: Report) -> tuple[Family, ...]:
    """Every check, in the order in which a reader wants them."""
    anchors = _anchors(report)
    return tuple(
        Family(
            name,
            tuple(_card(report, result, anchors[result.id]) for result in results),
            summary.tally_text(results),
            _worst(report, results),
        )
        for name, results in summary.families(report)
    )


def reasons(report: Report) -> tuple[Reason, ...]:
    """Why the verdict is what it is."""
    anchors = _anchors(report)
    listed = []
    for text in report.reasons:
        check = summary.check_of(report, text)
        if check is None or check.left_out:  # which has no card
            listed.append(Reason("", "", text, ""))
        else:
            rest = text.removeprefix(f"{check.id} ")
            shown = check.outcome if summary.closes(report, check) else Outcome.SKIPPED
            listed.append(Reason(anchors[check.id], check.id, rest, str(shown)))
    return tuple(listed)


def facts(report: Report) -> list[Fact]:
    """What was tested, where, and against what; what is not known is left out."""
    subject, policy = report.subject, report.policy
    judged = f"{policy.name} at {numbers.percent(policy.confidence)} confidence"
    if policy.measured_confidence is not None:
        judged += f"; intervals recorded at {numbers.percent(policy.measured_confidence)}"
    listed = [
        Fact("Candidate", subject.reference, wide=True, code=True),
        Fact("Config digest", subject.config_digest or "", wide=True, code=True),
        Fact("Manifest digest", subject.manifest_digest or "", wide=True, code=True),
        Fact("Gate file", report.gate.path or "", wide=True, code=True),
        Fact("Requires", ", ".join(policy.required) or "nothing", wide=True),
        Fact("Runtime", str(report.environment.get("runtime") or "unknown")),
        Fact("Platform", subject.platform or ""),
        Fact("Policy", judged),
        Fact("Started", numbers.moment(report.started_at)),
        Fact("Took", numbers.seconds(report.duration_s)),
    ]
    return [fact for fact in listed if fact.text]


def details(report: Report) -> list[tuple[str, str]]:
    """Everything else that is known about the run."""
    listed = [
        ("gate digest", report.gate.digest),
        ("policy digest", report.policy.digest),
        *((f"limit on {key}", text) for key, text in report.policy.limits.items()),
        *(
            (f"waiver for {w.check}", f"until {w.expires}: {w.reason}")
            for w in report.policy.waivers
        ),
        *((key, "unknown" if v is None else str(v)) for key, v in report.environment.items()),
        ("finished", numbers.moment(report.finished_at)),
    ]
    return listed


def _anchors(report: Report) -> dict[str, str]:
    return {result.id: f"check-{index}" for index, result in enumerate(report.checks)}


def _card(report: Report, result: CheckResult, anchor: str) -> Card:
    return Card(
        anchor=anchor,
        check=result,
        closes=summary.closes(report, result),
        note=_note(report, result),
        gist=result.reason if result.outcome is not Outcome.PASSED else _gist(result),
        rows=tuple(_row(row) for row in result.measurements),
        charts=tuple((item.title, charts.draw(item)) for item in result.evidence),
        findings=tuple(summary.findings(result)),
        duration=numbers.seconds(result.duration_s),
    )


def _note(report: Report, result: CheckResult) -> str:
    waiver = report.waiver_of(result)
    if waiver is not None:
        return f"waived until {waiver.expires}"
    return "" if result.required else "not required"


def _gist(result: CheckResult) -> str:
    """What a check that passed has seen."""
    return " \u00b7 ".join(_short(row) for row in result.measurements[:3]) or _counted(result)


def _short(row: JudgedMeasurement) -> str:
    return f"{row.name} {numbers.quantity(row.value, row.unit)}"


def _counted(result: CheckResult) -> str:
    count = len(result.findings)
    return f"{count} finding{'' if count == 1 else 's'}" if count else ""


def _row(row: JudgedMeasurement) -> Row:
    return Row(
        name=row.name,
        value=numbers.quantity(row.value, row.unit),
        limit=row.limit or "",
        outcome=str(row.outcome or "info"),
        details=" \u00b7 ".join(part.replace(" ", "\u00a0") for part in _details(row)),
        bar=bar.draw(row),
    )


def _details(row: JudgedMeasurement) -> Iterator[str]:
    if row.about:
        yield f"of {row.about}"
    span = numbers.interval(row)
    if span:
        yield f"interval {span}"
    if row.n is not None:
        yield f"n = {row.n:,}"


def _worst(report: Report, results: list[CheckResult]) -> str:
    for result in results:  # what closes the gate stands first
        if summary.closes(report, result):
            return str(result.outcome)
    ran = any(result.outcome is not Outcome.SKIPPED for result in results)
    return str(Outcome.PASSED if ran else Outcome.SKIPPED)
