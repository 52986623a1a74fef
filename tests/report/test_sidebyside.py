"""Two reports side by side: what became worse is told first, and noise is no change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.config import Policy
from harness.model import CheckResult, Finding, JudgedMeasurement, Outcome
from harness.report import Report, compare

Making = Callable[..., Report]
POLICY = Policy("prd", 0.95, ("load", "contract"))


def latency(
    value: float = 80.0, low: float = 75.0, high: float = 85.0, unit: str = "ms"
) -> CheckResult:
    """A check that passed with one measurement."""
    row = JudgedMeasurement("p99", value, unit, low, high, 1000, "<= 100 ms", Outcome.PASSED)
    return CheckResult("load.latency", 1, "Quick", Outcome.PASSED, measurements=(row,))


def failing(*findings: Finding) -> CheckResult:
    """A check of the contract that failed."""
    return CheckResult("contract.json", 1, "Strict", Outcome.FAILED, "NaN", findings=findings)


PASSING = replace(failing(), outcome=Outcome.PASSED, reason="")


def test_what_became_worse_comes_first(make: Making) -> None:
    slow = replace(latency(), outcome=Outcome.FAILED, reason="slow")
    both = compare(make((failing(), latency()), POLICY), make((PASSING, slow), POLICY))
    assert [(pair.id, pair.word) for pair in both.changed] == [
        ("load.latency", "worse"),
        ("contract.json", "better"),
    ]
    assert both.sentence == "both say fail; 1 worse, 1 better of 2 checks"


def test_a_verdict_that_changed_is_told(make: Making) -> None:
    both = compare(make((PASSING, latency()), POLICY), make((failing(), latency()), POLICY))
    assert both.sentence == "pass became fail; 1 worse of 2 checks"


def test_a_check_that_only_one_report_has_is_absent_in_the_other(make: Making) -> None:
    both = compare(make((PASSING, latency()), POLICY), make((latency(),), POLICY))
    (pair,) = both.changed
    assert (pair.id, pair.outcomes) == ("contract.json", ("passed", "absent"))
    assert [pair.id for pair in both.kept] == ["load.latency"]


@pytest.mark.parametrize(
    ("a", "b", "change", "apart"),
    [
        (latency(), latency(88, 84, 92), "+8 ms (+10 %)", False),
        (latency(), latency(96, 90, 99), "+16 ms (+20 %)", True),
        (latency(), latency(0.06, 0.05, 0.07, "s"), "-0.02 s (-25 %)", True),
        (latency(), latency(), "the same", False),
        (latency(2, 1, 3, "%"), latency(3.5, 3.2, 4, "%"), "+1.5 pp", True),
        (latency(0, 0, 0, ""), latency(3, 3, 3, ""), "+3", True),
        (latency(2, 1, 3), latency(90, 80, 95), "+88 ms", True),
        (latency(), latency(9, 8, 10, "MiB"), "", False),
    ],
)
def test_a_change_is_in_the_later_unit_and_beyond_the_noise_or_not(
    make: Making, a: CheckResult, b: CheckResult, change: str, apart: bool
) -> None:
    ((number,),) = (pair.numbers for pair in compare(make((a,)), make((b,))).pairs)
    assert (number.change, number.apart) == (change, apart)


def test_findings_are_told_apart_by_rule_and_place_not_by_what_they_say(make: Making) -> None:
    old = failing(Finding("nan", "row 1"), Finding("key", "gone soon", location="$.a"))
    new = failing(Finding("nan", "row 7"), Finding("key", "is new", location="$.b"))
    (pair,) = compare(make((old,)), make((new,))).pairs
    assert ([one.location for one in pair.gone], [one.location for one in pair.new]) == (
        ["$.a"],
        ["$.b"],
    )
    assert pair.word == "differs"


def test_a_check_that_says_what_it_said_shows_only_numbers_with_a_limit(make: Making) -> None:
    free = JudgedMeasurement("p50", 1.0, "ms")
    check = replace(latency(), measurements=(*latency().measurements, free))
    (pair,) = compare(make((check,)), make((check,))).pairs
    assert [row.name for row in pair.telling] == ["p99"]


def test_facts_that_are_not_the_same_are_listed(make: Making) -> None:
    both = compare(make((PASSING,)), make((PASSING,), POLICY))
    assert both.facts[0] == ("Policy digest", make((PASSING,)).policy.digest, POLICY.digest)
