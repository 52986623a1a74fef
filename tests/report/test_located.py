"""A finding of the source or the image has a place in the repository, and keeps its fingerprint."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.config import Policy
from harness.model import CheckResult, Finding, Outcome, Severity, Waiver
from harness.report import Report
from harness.report.located import located

Making = Callable[..., Report]
POLICY = Policy("prd", 0.95, ("source", "image"))


def lint(*findings: Finding, check: str = "source.lint") -> CheckResult:
    """A check that failed with these findings."""
    return CheckResult(check, 1, "t", Outcome.FAILED, "because", findings=findings)


def places(make: Making, location: str, family: str = "source") -> tuple[str, int]:
    """Where one finding with this location stands."""
    finding = Finding("F821", "undefined name", location=location)
    (item,) = located(make((lint(finding, check=f"{family}.lint"),), POLICY))
    return item.path, item.line


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("webapp/app.py:12", ("webapp/app.py", 12)),
        ("Dockerfile", ("Dockerfile", 1)),
        ("a:b/app.py:3", ("a:b/app.py", 3)),
        ("app.py:0", ("app.py:0", 1)),
        ("", ("gate.toml", 1)),
        ("../outside/app.py:3", ("outside/app.py", 3)),
        ("/etc/passwd:3", ("etc/passwd", 3)),
        ("//evil.example/x:3", ("evil.example/x", 3)),
        ("a\\b.py:3", ("a/b.py", 3)),
        ("..", ("gate.toml", 1)),
        (":7", (":7", 1)),
    ],
)
def test_a_place_of_the_source_is_a_relative_path_and_a_line(
    make: Making, location: str, expected: tuple[str, int]
) -> None:
    assert places(make, location) == expected


@pytest.mark.parametrize(
    ("gate", "location", "expected"),
    [
        ("services/fraud/gate.toml", "app.py:3", "services/fraud/app.py"),
        ("services/fraud/gate.toml", "../shared/app.py:3", "services/shared/app.py"),
        ("gate.toml", "app.py:3", "app.py"),
        ("/somewhere/else/gate.toml", "app.py:3", "app.py"),
        (None, "app.py:3", "app.py"),
    ],
)
def test_a_path_counts_from_where_the_gate_was_run(
    make: Making, gate: str | None, location: str, expected: str
) -> None:
    report = make((lint(Finding("F821", "undefined name", location=location)),), POLICY)
    used = report.gate.model_copy(update={"path": gate})
    (item,) = located(report.model_copy(update={"gate": used}))
    assert item.path == expected


def test_a_place_in_the_image_stands_at_the_gate_and_keeps_its_name(make: Making) -> None:
    finding = Finding("secret", "a private key", location="/app/id_rsa")
    (item,) = located(make((lint(finding, check="image.secrets"),), POLICY))
    assert (item.path, item.line, item.place) == ("gate.toml", 1, "/app/id_rsa")


def test_a_gate_outside_the_folder_keeps_its_name_alone(make: Making) -> None:
    report = make((lint(Finding("secret", "m"), check="image.secrets"),), POLICY)
    used = report.gate.model_copy(update={"path": "/somewhere/else/fraud.toml"})
    (item,) = located(report.model_copy(update={"gate": used}))
    assert item.path == "fraud.toml"


def test_what_a_running_service_answered_has_no_line(make: Making, failed: Report) -> None:
    assert {item.check for item in located(failed)} == {"image.root_user"}


def test_a_fingerprint_is_the_same_on_another_line_and_another_for_a_second_one(
    make: Making,
) -> None:
    def prints(*lines: int) -> list[str]:
        found = [Finding("F401", "'os' unused", location=f"app.py:{line}") for line in lines]
        return [item.fingerprint for item in located(make((lint(*found),), POLICY))]

    assert prints(3) == prints(90)
    assert prints(3, 90)[0] == prints(3)[0]
    assert len(set(prints(1, 2, 3))) == 3


def test_the_weightiest_come_first(make: Making) -> None:
    found = [
        Finding("c", "m", severity=Severity.INFO),
        Finding("b", "m", severity=Severity.WARNING),
        Finding("a", "m"),
    ]
    assert [item.rule for item in located(make((lint(*found),), POLICY))] == ["a", "b", "c"]


def test_a_waived_check_does_not_close_and_names_its_waiver(make: Making) -> None:
    waiver = Waiver("source.lint", "legacy code", "2027-01-31")
    policy = Policy("prd", 0.95, ("source",), {}, (waiver,))
    (item,) = located(make((lint(Finding("F401", "unused")),), policy))
    assert (item.closes, item.waiver) == (False, waiver)
