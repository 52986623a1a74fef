"""annotations.txt: commands of our own, within GitHub's limits, and none of a candidate's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from harness.config import Policy
from harness.model import CheckResult, Finding, Outcome, Severity
from harness.report import Report
from harness.report.formats import github_annotations, markdown

Making = Callable[..., Report]
POLICY = Policy("prd", 0.95, ("source",))
LINT = CheckResult("source.lint", 1, "t", Outcome.FAILED, "1 finding")
# The grammar of the documentation: properties without bare colons and commas, then a message.
COMMAND = re.compile(
    r"::(error|warning|notice) (?:file=([^:,\s][^:,]*),line=(\d+),)?title=([^:,]*)::(.*)"
)


def commands(report: Report) -> list[tuple[str, str, str, str, str]]:
    """Level, file, line, title and message of each line, of which every one is a command."""
    found = []
    for line in github_annotations.render(report).splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        level, file, at, title, message = match.groups(default="")
        found.append((level, unquote(file), at, unquote(title), unquote(message)))
    return found


def test_the_verdict_comes_first_with_its_reasons(failed: Report) -> None:
    level, _, _, title, message = commands(failed)[0]
    assert (level, title) == ("error", "release gate: fail (sentiment)")
    assert message.splitlines()[1:] == list(failed.reasons)


def test_a_pass_is_a_notice(passed: Report) -> None:
    ((level, *_),) = commands(passed)
    assert level == "notice"


def test_a_finding_stands_at_its_line(make: Making) -> None:
    finding = Finding("F821", "undefined name 'x', 100 % sure", location="web,app/a:b.py:12")
    report = make((replace(LINT, findings=(finding,)),), POLICY)
    assert commands(report)[-1] == (
        "error",
        "web,app/a:b.py",
        "12",
        "source.lint: F821",
        "undefined name 'x', 100 % sure",
    )


def test_a_check_is_told_by_its_findings_or_by_its_reason(make: Making) -> None:
    finding = Finding("F821", "undefined name 'x'", location="a.py:1")
    pins = CheckResult("source.pins", 1, "t", Outcome.ERRORED, "broke")
    titles = [
        title
        for _, _, _, title, _ in commands(make((replace(LINT, findings=(finding,)), pins), POLICY))
    ]
    assert titles[1:] == ["source.pins: errored", "source.lint: F821"]


def test_what_is_waived_is_a_warning(failed: Report) -> None:
    assert commands(failed)[-1][0] == "warning"
    assert commands(failed)[-1][4] == "waived until 2027-01-31: runs as root"


def test_there_are_no_more_of_a_kind_than_github_shows(make: Making) -> None:
    findings = tuple(
        Finding("F401", f"unused {n}", severity=severity, location=f"a.py:{n + 1}")
        for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)
        for n in range(40)
    )
    levels = Counter(
        level for level, *_ in commands(make((replace(LINT, findings=findings),), POLICY))
    )
    assert levels == {"error": 10, "warning": 10, "notice": 10}


def test_a_candidate_cannot_add_a_command(make: Making, traps: Report) -> None:
    trap = traps.subject.name
    finding = Finding(trap, trap + "%0A::error::x", location=trap)
    check = replace(LINT, reason=trap, findings=(finding,))
    report = make((check,), POLICY, name=trap)
    shown = commands(report)
    assert len(shown) == 2
    text = github_annotations.render(report)
    assert "##vso[" not in text and "\x1b" not in text
    assert "%250A" in text  # a percent sign of theirs stays one


def test_the_step_summary_fits_where_it_goes(make: Making) -> None:
    wide = Finding("rule", "\U0001f600" * 4_000)
    flood = replace(LINT, findings=(wide,) * 190)
    assert len(markdown.render(make((flood,), POLICY)).encode()) < 1024**2
