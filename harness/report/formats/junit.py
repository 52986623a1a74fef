"""junit.xml: for the test page of a CI system. It is red exactly where the gate is closed."""

from __future__ import annotations

from xml.etree import ElementTree

from harness.model import CheckResult, Finding, JudgedMeasurement, Outcome, Verdict
from harness.report import numbers, summary
from harness.report.document import Report
from harness.report.escape import xml

FILE = "junit.xml"

_TAGS = {
    Outcome.FAILED: "failure",
    Outcome.ERRORED: "error",
    # JUnit has no word for it, and viewers paint "skipped" green: fail closed.
    Outcome.INCONCLUSIVE: "error",
    Outcome.SKIPPED: "skipped",
}
_COUNTS = {"failure": "failures", "error": "errors", "skipped": "skipped"}
Element = ElementTree.Element


def render(report: Report) -> str:
    """One test suite a family, one test case a check, and one for the verdict itself.

    A failure that does not close the gate (waived, or not required) is shown as skipped.
    """
    root = Element("testsuites", name="releasegate", time=f"{report.duration_s:.3f}")
    for family, results in summary.families(report):
        suite = _suite(root, report, family, [_case(report, result) for result in results])
        suite.set("time", f"{sum(result.duration_s for result in results):.3f}")
    _suite(root, report, "gate", [_verdict(report)])
    for attribute in ("tests", *_COUNTS.values()):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in root)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: Element, report: Report, name: str, cases: list[Element]) -> Element:
    suite = ElementTree.SubElement(root, "testsuite", name=xml(name), tests=str(len(cases)))
    suite.set("timestamp", report.started_at.isoformat(timespec="seconds"))
    for tag, attribute in _COUNTS.items():
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    suite.extend(cases)
    return suite


def _case(report: Report, result: CheckResult) -> Element:
    name = xml(result.id.partition(".")[2] or result.id)
    case = Element("testcase", classname=xml(result.family), name=name)
    case.set("time", f"{result.duration_s:.3f}")
    properties = ElementTree.SubElement(case, "properties")
    _property(properties, "title", result.title)
    _property(properties, "required", str(result.required).lower())
    for row in result.measurements:
        _measured(properties, row)
    if result.outcome is not Outcome.PASSED:
        tag, prefix = _told(report, result)
        told = ElementTree.SubElement(case, tag, message=xml(prefix + result.reason))
        if tag != "skipped":
            told.set("type", str(result.outcome))
    if result.findings:
        text = "\n\n".join(_finding(finding) for finding in summary.findings(result))
        ElementTree.SubElement(case, "system-out").text = xml(text)
    return case


def _told(report: Report, result: CheckResult) -> tuple[str, str]:
    """The element that tells of a check that did not pass, and what its message begins with."""
    waiver = report.waiver_of(result)
    if waiver is not None:
        return "skipped", f"failed, waived until {waiver.expires} ({waiver.reason}): "
    if not result.required and result.outcome is not Outcome.SKIPPED:
        return "skipped", f"{result.outcome}, not required: "
    prefix = "inconclusive: " if result.outcome is Outcome.INCONCLUSIVE else ""
    return _TAGS[result.outcome], prefix


def _verdict(report: Report) -> Element:
    case = Element("testcase", classname="gate", name="verdict", time="0.000")
    properties = ElementTree.SubElement(case, "properties")
    _property(properties, "verdict", str(report.verdict))
    _property(properties, "policy", report.policy.name)
    _property(properties, "subject", report.subject.reference)
    _property(properties, "config_digest", report.subject.config_digest or "")
    if report.verdict is not Verdict.PASS:
        tag = "failure" if report.verdict is Verdict.FAIL else "error"
        message = f"{report.verdict}: {summary.sentence(report)}"
        told = ElementTree.SubElement(case, tag, message=message, type=str(report.verdict))
        told.text = xml("\n".join(report.reasons))
    return case


def _measured(properties: Element, row: JudgedMeasurement) -> None:
    _property(properties, row.name, numbers.quantity(row.value, row.unit))
    for suffix, value in (
        ("limit", row.limit),
        ("interval", numbers.interval(row)),
        ("n", None if row.n is None else str(row.n)),
        ("outcome", None if row.outcome is None else str(row.outcome)),
    ):
        if value:
            _property(properties, f"{row.name}.{suffix}", value)


def _property(properties: Element, name: str, value: str) -> None:
    ElementTree.SubElement(properties, "property", name=xml(name), value=xml(value))


def _finding(finding: Finding) -> str:
    lines = [f"{finding.severity} {finding.rule}: {finding.message}"]
    for label in ("location", "expected", "received", "reproduce"):
        value = getattr(finding, label)
        if value:
            lines.append(f"  {label}: {value}")
    return "\n".join(lines)
