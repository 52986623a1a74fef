"""annotations.txt: workflow commands that a GitHub step prints, within what GitHub shows of them.

`cat` it in a step: the lines then stand beside the files of a pull request. They are the only
lines of a report that a CI system is meant to obey, and the words of a candidate cannot add one.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.model import Severity, Verdict
from harness.report import summary
from harness.report.document import Report
from harness.report.escape import printable
from harness.report.located import Located, located

FILE = "annotations.txt"

MAX_OF_A_KIND = 10  # errors, warnings and notices of one step, each; GitHub drops the rest
_LONGEST = 1_000  # characters of one message
_REASONS = 20  # of the verdict
_TITLE = 200
_LEVELS = {
    Severity.ERROR: "error",
    Severity.DOUBT: "warning",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


def render(report: Report) -> str:
    """The verdict first, then checks that close the gate, then findings, which have lines.

    A check with such findings is told by them.
    """
    found = located(report)
    room = dict.fromkeys(("error", "warning", "notice"), MAX_OF_A_KIND)
    lines = []
    for level, line in (*_gate(report, found), *_findings(found)):
        if room[level]:
            room[level] -= 1
            lines.append(f"{line}\n")
    return "".join(lines)


def _gate(report: Report, found: list[Located]) -> Iterator[tuple[str, str]]:
    passed = report.verdict is Verdict.PASS
    title = f"release gate: {report.verdict} ({report.subject.name})"
    said = [summary.sentence(report), *report.reasons[:_REASONS]]
    yield _command("notice" if passed else "error", title, said)
    told = {item.check for item in found}
    for _, results in summary.families(report):
        for result in results:
            if summary.closes(report, result) and printable(result.id) not in told:
                yield _command("error", f"{result.id}: {result.outcome}", [result.reason])


def _findings(found: list[Located]) -> Iterator[tuple[str, str]]:
    for item in found:
        level = _LEVELS[item.severity]
        if level == "error" and not item.closes:
            level = "warning"
        yield _command(level, f"{item.check}: {item.rule}", [_said(item)], item)


def _said(item: Located) -> str:
    waived = "" if item.waiver is None else f"waived until {item.waiver.expires}: "
    return f"{waived}{item.message}"


def _command(
    level: str, title: str, said: list[str], item: Located | None = None
) -> tuple[str, str]:
    """Level, and `::error title=...::message`, in which nothing but our own colons act."""
    where = "" if item is None else f"file={_property(item.path)},line={item.line},"
    text = "%0A".join(_data(printable(line)[:_LONGEST]) for line in said if line)
    return level, f"::{level} {where}title={_property(printable(title)[:_TITLE])}::{text}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
