"""metrics.txt is OpenMetrics text, each value once, and the same text for the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness.config import Policy
from harness.model import CheckResult, JudgedMeasurement, Outcome
from harness.report import Report
from harness.report.formats import openmetrics

Making = Callable[..., Report]
POLICY = Policy("p", 0.95, ("load",))


def samples(text: str) -> dict[str, float]:
    """Value by name, of families with one sample, as the reference parser reads them."""
    families = list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]
    assert {family.type for family in families} == {"gauge"}
    return {
        family.samples[0].name: family.samples[0].value
        for family in families
        if len(family.samples) == 1
    }


def measured(*rows: JudgedMeasurement) -> CheckResult:
    """A check of the load that saw these."""
    return CheckResult("load.latency", 1, "t", Outcome.PASSED, measurements=rows)


def test_verdict_and_measurements_are_gauges(failed: Report, passed: Report) -> None:
    found = samples(openmetrics.render(failed))
    assert found["releasegate_pass"] == 0
    assert found["releasegate_load_latency_p99"] == 312
    assert samples(openmetrics.render(passed))["releasegate_pass"] == 1


def test_checks_are_counted_by_outcome(failed: Report) -> None:
    text = openmetrics.render(failed)
    assert 'releasegate_checks{name="sentiment",policy="prd",outcome="failed"} 3\n' in text
    assert 'releasegate_checks{name="sentiment",policy="prd",outcome="errored"} 0\n' in text


def test_it_ends_as_openmetrics_does(failed: Report) -> None:
    assert openmetrics.render(failed).endswith("\n# EOF\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.034, "0.034"), (312.00000001, "312"), (1234567.8, "1.23457e+06"), (0.0, "0")],
)
def test_noise_behind_the_sixth_digit_is_no_change(make: Making, value: float, text: str) -> None:
    shown = openmetrics.render(make((measured(JudgedMeasurement("x", value)),), POLICY))
    assert f'releasegate_load_x{{name="sentiment",policy="p"}} {text}\n' in shown


def test_a_value_that_was_not_finite_is_not_there(make: Making) -> None:
    rows = (JudgedMeasurement("x", float("inf")), JudgedMeasurement("y", float("nan")))
    found = samples(openmetrics.render(make((measured(*rows),), POLICY)))
    assert set(found) == {"releasegate_pass"}


def test_traps_are_parsed_and_add_no_line(traps: Report) -> None:
    text = openmetrics.render(traps)
    samples(text)
    assert "##vso[" not in text and "\x1b" not in text
    assert not [line for line in text.splitlines() if line.startswith("::")]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=30), min_size=1, max_size=4), st.text(max_size=30))
def test_whatever_the_names_are_the_parser_reads_it(
    make: Making, names: list[str], unit: str
) -> None:
    rows = tuple(JudgedMeasurement(name, 1.5, unit, limit=unit or None) for name in names)
    report = make((measured(*rows),), replace(POLICY, name=unit or "p"), name=unit)
    assert samples(openmetrics.render(report))["releasegate_pass"] == 1
