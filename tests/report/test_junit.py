"""junit.xml is red exactly where the gate is closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from lxml import etree

from harness import paths
from harness.config import Policy
from harness.model import CheckResult, Outcome
from harness.report import Report
from harness.report.formats import junit

READY = CheckResult("startup.ready", 1, "t", Outcome.PASSED)


def cases(report: Report) -> dict[str, ElementTree.Element]:
    """Test cases by `classname.name`."""
    root = ElementTree.fromstring(junit.render(report))
    return {f"{one.get('classname')}.{one.get('name')}": one for one in root.iter("testcase")}


def told(case: ElementTree.Element) -> list[str]:
    """Which elements tell that it did not pass."""
    return [child.tag for child in case if child.tag in ("failure", "error", "skipped")]


@pytest.mark.parametrize("which", ["failed", "passed", "traps"])
def test_it_is_what_jenkins_takes(which: str, request: pytest.FixtureRequest) -> None:
    """But for two things that its schema is older than, and that it and GitLab read all the same:
    properties of a test case, and how many were skipped in all.
    """
    schema = etree.XMLSchema(etree.parse(paths.contracts() / "formats" / "junit-10.xsd"))
    root = etree.fromstring(junit.render(request.getfixturevalue(which)).encode())
    del root.attrib["skipped"]
    for properties in root.findall("testsuite/testcase/properties"):
        case = properties.getparent()
        assert case is not None
        case.remove(properties)
    schema.assertValid(root)


def test_each_family_is_a_suite_and_the_gate_one_more(failed: Report) -> None:
    root = ElementTree.fromstring(junit.render(failed))
    assert [suite.get("name") for suite in root] == [
        "contract",
        "load",
        "startup",
        "image",
        "behaviour",
        "gate",
    ]
    assert root.attrib == {
        "name": "releasegate",
        "time": "51.500",
        "tests": "6",
        "failures": "3",
        "errors": "0",
        "skipped": "2",
    }


@pytest.mark.parametrize(
    ("outcome", "tags"),
    [
        (Outcome.PASSED, []),
        (Outcome.FAILED, ["failure"]),
        (Outcome.ERRORED, ["error"]),
        (Outcome.INCONCLUSIVE, ["error"]),
        (Outcome.SKIPPED, ["skipped"]),
    ],
)
def test_each_outcome_has_its_element(
    make: Callable[..., Report], outcome: Outcome, tags: list[str]
) -> None:
    check = replace(READY, outcome=outcome, reason="because")
    report = make((check,), Policy("p", 0.95, ("startup",)))
    assert told(cases(report)["startup.ready"]) == tags


def test_what_is_not_required_is_not_red(make: Callable[..., Report]) -> None:
    other = CheckResult("image.size", 1, "t", Outcome.FAILED, "too large")
    found = cases(make((READY, other), Policy("p", 0.95, ("startup",))))
    (skipped,) = found["image.size"].findall("skipped")
    assert skipped.get("message") == "failed, not required: too large"
    assert told(found["gate.verdict"]) == []


def test_a_waived_failure_is_not_red_and_says_why(failed: Report) -> None:
    (skipped,) = cases(failed)["image.root_user"].findall("skipped")
    assert skipped.get("message") == (
        "failed, waived until 2027-01-31 (fix is in review: OPS-212): runs as root"
    )


def test_a_required_check_that_was_skipped_turns_the_verdict_red(
    make: Callable[..., Report],
) -> None:
    skipped = replace(READY, id="load.latency", outcome=Outcome.SKIPPED, reason="left out")
    report = make((READY, skipped), Policy("p", 0.95, ("startup", "load")))
    assert told(cases(report)["gate.verdict"]) == ["error"]


def test_the_verdict_holds_the_reasons(failed: Report) -> None:
    failure = cases(failed)["gate.verdict"].find("failure")
    assert failure is not None
    assert (failure.text or "").splitlines() == list(failed.reasons)


def test_values_and_limits_are_properties(failed: Report) -> None:
    listed = cases(failed)["load.latency"].iter("property")
    properties = {one.get("name"): one.get("value") for one in listed}
    assert properties == {
        "title": "Answers stay within the latency budget",
        "required": "true",
        "latency_p99": "312 ms",
        "latency_p99.limit": "<= 250 ms",
        "latency_p99.interval": "290 to 340 ms",
        "latency_p99.n": "2000",
        "latency_p99.outcome": "failed",
        "latency_p95": "180 ms",
        "latency_p95.interval": "170 to 190 ms",
        "latency_p95.n": "2000",
    }


def test_traps_are_well_formed_and_do_nothing(traps: Report) -> None:
    text = junit.render(traps)
    root = ElementTree.fromstring(text)
    assert not list(root.iter("script"))
    assert "\x1b" not in text
    assert "##vso[" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::error")]
