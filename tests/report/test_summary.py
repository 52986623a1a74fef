"""Every form of the report puts what closes the gate first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.config import Policy
from harness.model import LEFT_OUT, CheckResult, Finding, JudgedMeasurement, Outcome, Severity
from harness.report import Report, summary

PLAIN = CheckResult("a.one", 1, "t", Outcome.PASSED, measurements=(JudgedMeasurement("x", 1.0),))


def test_families_that_close_the_gate_come_first(failed: Report) -> None:
    listed = [name for name, _ in summary.families(failed)]
    assert listed == ["contract", "load", "startup", "image", "behaviour"]


def test_a_check_that_closes_the_gate_comes_before_one_that_does_not(
    make: Callable[..., Report],
) -> None:
    informal = replace(PLAIN, id="a.two[x]", outcome=Outcome.FAILED, reason="r")
    obliged = replace(PLAIN, id="b.three", outcome=Outcome.SKIPPED, reason="r")
    report = make((PLAIN, informal, obliged), Policy("p", 0.95, ("b",)))
    assert [c.id for c in summary.ordered(report, report.checks)] == [
        "b.three",
        "a.two[x]",
        "a.one",
    ]


def test_a_waived_failure_does_not_close_the_gate(failed: Report) -> None:
    assert [check.id for check in failed.checks if summary.closes(failed, check)] == [
        "contract.response",
        "load.latency",
    ]


def test_the_tally_has_the_worst_first(failed: Report) -> None:
    assert summary.tally_text(failed.checks) == "3 failed, 1 skipped, 1 passed"
    assert summary.tally_text(()) == "no checks"


def test_what_the_command_line_left_out_is_counted_and_not_listed(
    make: Callable[..., Report],
) -> None:
    left_out = replace(PLAIN, id="b.two", outcome=Outcome.SKIPPED, reason=LEFT_OUT)
    idle = replace(PLAIN, id="b.three", outcome=Outcome.SKIPPED, reason="nothing to look at")
    report = make((PLAIN, left_out, idle), Policy("p", 0.95, ("a", "b")))
    listed = [(name, [one.id for one in found]) for name, found in summary.families(report)]
    assert listed == [("b", ["b.three"]), ("a", ["a.one"])]
    assert summary.tally_text(report.checks) == "1 skipped, 1 passed, 1 left out"


def test_the_telling_measurements_are_those_that_did_not_pass(failed: Report) -> None:
    assert [row.name for row in summary.telling(failed.checks[2])] == ["latency_p99"]


def test_a_finding_that_failed_its_check_is_told_instead_of_a_number(failed: Report) -> None:
    assert summary.seen(failed.checks[1]) == "response-schema at $.positive"


def test_a_check_with_numbers_needs_no_words(failed: Report) -> None:
    assert summary.seen(failed.checks[0]) == ""


def test_a_check_without_numbers_is_told_by_its_findings() -> None:
    note = Finding("n", "m", severity=Severity.INFO)
    assert summary.seen(replace(PLAIN, measurements=(), findings=(note,))) == "1 finding"


def test_a_reason_leads_to_its_check(failed: Report) -> None:
    check = summary.check_of(failed, failed.reasons[0])
    assert check is not None
    assert check.id == "contract.response"
    assert summary.check_of(failed, "nothing ran") is None


def test_a_pass_that_leans_on_a_waiver_says_so(make: Callable[..., Report]) -> None:
    report = make(policy=Policy("p", 0.95, ("startup",)))
    assert summary.sentence(report) == "The gate is open: every required check passed."
    failed = make()
    image = next(check for check in failed.checks if check.id == "image.root_user")
    waived = make((image,), Policy("p", 0.95, ("image",), {}, failed.policy.waivers))
    assert summary.sentence(waived).endswith("passed, or its failure is waived.")
