"""The spans of a run say what the report says, at the times when it happened."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from harness.config import Policy
from harness.errors import ReportError
from harness.model import CheckResult, Outcome
from harness.report import Report
from harness.report.tracing import send, spans

ENDED = {"startup.ready": 1795246083.0, "load.latency": 1795246120.0, "image.root_user": 1795246084}
READY = CheckResult("startup.ready", 1, "t", Outcome.PASSED)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own tracing."""
    for name in ("TRACEPARENT", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(name, raising=False)


def named(report: Report, ended: Mapping[str, float] = ENDED) -> dict[str, ReadableSpan]:
    """The spans by name."""
    return {span.name: span for span in spans(report, ended)}


def test_the_gate_is_one_span_around_those_of_its_checks(failed: Report) -> None:
    found = named(failed)
    assert list(found) == [
        "startup.ready",
        "load.latency",
        "image.root_user",
        "gate sentiment",
    ]
    gate = found.pop("gate sentiment")
    assert gate.context is not None and gate.parent is None
    parents = {span.parent.span_id for span in found.values() if span.parent}
    assert parents == {gate.context.span_id}


def test_a_span_begins_and_ends_when_it_did(failed: Report) -> None:
    found = named(failed)
    assert found["load.latency"].end_time == 1795246120 * 10**9
    assert found["load.latency"].start_time == (1795246120 * 10 - 301) * 10**8
    assert found["gate sentiment"].start_time == 1795246080 * 10**9
    assert found["gate sentiment"].end_time == 17952461315 * 10**8


@pytest.mark.parametrize(
    ("outcome", "result", "closed"),
    [
        (Outcome.PASSED, "success", False),
        (Outcome.FAILED, "failure", True),
        (Outcome.ERRORED, "error", True),
        (Outcome.INCONCLUSIVE, "error", True),
    ],
)
def test_a_failure_and_an_error_are_told_apart(
    make: Callable[..., Report], outcome: Outcome, result: str, closed: bool
) -> None:
    check = CheckResult("startup.ready", 1, "t", outcome, "because")
    found = named(make((check,), Policy("p", 0.95, ("startup",))))
    gate = found["gate sentiment"]
    assert gate.attributes is not None
    assert gate.attributes["cicd.pipeline.task.run.result"] == result
    for span in found.values():
        assert (span.status.status_code is StatusCode.ERROR) == closed


def test_a_limited_measurement_and_findings_are_on_the_span(failed: Report) -> None:
    found = named(failed)
    assert dict(found["load.latency"].attributes or {}) == {
        "test.case.name": "load.latency",
        "test.case.result.status": "fail",
        "releasegate.outcome": "failed",
        "releasegate.required": True,
        "releasegate.measurement.latency_p99": 312.0,
        "releasegate.measurement.latency_p99.limit": "<= 250 ms",
        "releasegate.measurement.latency_p99.shown": "312 ms",
    }
    (event,) = found["image.root_user"].events
    assert event.name == "finding: error"


def test_what_was_tested_is_on_the_gates_span(failed: Report) -> None:
    attributes = named(failed)["gate sentiment"].attributes or {}
    assert attributes["container.image.id"] == "sha256:" + "9f" * 32
    assert attributes["releasegate.policy"] == "prd"
    assert "oci.manifest.digest" not in attributes


def test_a_waived_failure_is_no_error(failed: Report) -> None:
    assert named(failed)["image.root_user"].status.status_code is StatusCode.UNSET


def test_the_pipelines_own_span_becomes_the_parent(
    failed: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01")
    parent = named(failed)["gate sentiment"].parent
    assert parent is not None
    assert (parent.trace_id, parent.span_id) == (int("ab" * 16, 16), int("cd" * 8, 16))


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [
        ("OTEL_SERVICE_NAME", "ours", "ours"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=theirs", "theirs"),
        ("OTEL_LOG_LEVEL", "", "releasegate"),
    ],
)
def test_the_service_is_named_as_the_environment_says(
    failed: Report, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, name: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert named(failed)["gate sentiment"].resource.attributes["service.name"] == name


def test_traps_are_only_text(traps: Report) -> None:
    ended = {result.id: 1795246083.0 for result in traps.checks}
    for span in spans(traps, ended):
        told = f"{span.name} {span.status.description} {dict(span.attributes or {})}"
        assert "\x1b" not in told and "##vso[" not in told


def test_another_protocol_is_refused_by_name(
    passed: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(ReportError, match="is 'grpc', expected 'http/protobuf'"):
        send(passed, {})


def test_a_missing_extra_is_named(passed: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ReportError, match=r"pip install 'releasegate\[otel\]'"):
        send(passed, {})
