"""metrics.txt: the numbers as OpenMetrics text, for GitLab's metrics report and for collectors."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model import Outcome, Verdict
from harness.report import summary
from harness.report.document import Report
from harness.report.escape import printable
from harness.report.flat import measured

FILE = "metrics.txt"

_DIGITS = 6  # GitLab compares values as text: noise behind them would be a change each time


def render(report: Report) -> str:
    """Gauges, one sample each, named as the service names them; rounded to six digits.

    The labels stay the same from one candidate to the next, so that two reports can be compared;
    what was tested stands in report.json.
    """
    labels = f'name="{_label(report.subject.name)}",policy="{_label(report.policy.name)}"'
    lines = [line for text in _families(report, labels) for line in text]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _families(report: Report, labels: str) -> Iterator[list[str]]:
    passed = int(report.verdict is Verdict.PASS)
    yield _gauge("pass", "1 where the gate is open, else 0", [f"{{{labels}}} {passed}"])
    counts = dict(summary.tally(report.checks))
    samples = [f'{{{labels},outcome="{each}"}} {counts.get(each, 0)}' for each in Outcome]
    yield _gauge("checks", "checks by outcome", samples)
    for name, row in measured(report).items():
        limit = "" if row.limit is None else f", limit {row.limit}"
        told = " in ".join(filter(None, (row.name, row.unit))) + limit
        yield _gauge(name, told, [f"{{{labels}}} {row.value:.{_DIGITS}g}"])


def _gauge(name: str, told: str, samples: list[str]) -> list[str]:
    name = f"releasegate_{name}"
    lines = [f"# TYPE {name} gauge", f"# HELP {name} {_label(told)}"]
    return lines + [f"{name}{sample}" for sample in samples]


def _label(text: str) -> str:
    """A label's value, and the text of a HELP line, which is escaped the same way."""
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')
