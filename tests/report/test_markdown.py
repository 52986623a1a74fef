"""report.md says the verdict first, fits where it goes, and cannot be written into."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from harness.model import Finding, Outcome
from harness.report import Report
from harness.report.formats import markdown


def test_the_verdict_comes_first_then_the_reasons(failed: Report) -> None:
    lines = markdown.render(failed).splitlines()
    assert lines[0] == "## \u274c fail: sentiment"
    assert lines[4] == r"- contract.response failed: not of the promised type \(at \$.positive\)"


def test_every_check_is_a_row_of_the_table(failed: Report) -> None:
    rows = [line for line in markdown.render(failed).splitlines() if line.startswith("| ")]
    assert rows[1:] == [
        "| \u274c failed | `contract.response` | response-schema at \\$.positive |  | 1.5 s |",
        "| \u274c failed | `load.latency` | latency\\_p99 **312 ms** | `<= 250 ms` | 30.1 s |",
        "| \u2705 passed | `startup.ready` | requests **1** |  | 2.8 s |",
        "| \u274c failed (waived) | `image.root_user` | root-user |  | 0 ms |",
        "| \u23ed\ufe0f skipped (not required) | `behaviour.batch` | the contract has no batch |  "
        "| 0 ms |",
    ]


def test_a_finding_ends_with_a_line_to_paste(failed: Report) -> None:
    assert (
        "```sh\ncurl -s http://127.0.0.1:5000/predict --data-raw '[\"good\"]'\n```"
        in markdown.render(failed)
    )


def test_a_check_that_passed_has_no_section(passed: Report) -> None:
    assert "###" not in markdown.render(passed)


def test_it_is_bounded_and_says_what_is_missing(
    make: Callable[..., Report], failed: Report
) -> None:
    finding = Finding("rule", "x" * 900, reproduce="curl " + "y" * 3_000)
    flood = replace(failed.checks[1], findings=(finding,) * 190, outcome=Outcome.FAILED)
    text = markdown.render(make((flood,)))
    assert 50_000 < len(text) <= markdown.MAX_CHARACTERS
    assert re.search(r"_\d+ more lines were left out; `report.html` has everything._\n$", text)
    assert text.count("```") % 2 == 0


def test_traps_do_nothing(traps: Report) -> None:
    text = markdown.render(traps)
    outside = re.sub(r"(?ms)^(`{3,})sh\n.*?^\1$", "", text)
    prose = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)
    assert "<script" not in prose.replace(r"\<", "")
    assert "](" not in prose
    assert "@maintainer" not in prose
    assert not re.search(r"(?m)^\s*::\w", text)
    assert "##vso[" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)


def test_a_trap_cannot_add_a_column(traps: Report) -> None:
    rows = [line for line in markdown.render(traps).splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
