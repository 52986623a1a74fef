"""A finished run as OpenTelemetry spans: one for the gate, one for each check inside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.errors import ReportError
from harness.model import CheckResult, Outcome, Verdict
from harness.report import numbers, summary
from harness.report.document import Report
from harness.report.escape import printable

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Span, Tracer
    from opentelemetry.util.types import AttributeValue

_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_RESULTS = {Verdict.PASS: "success", Verdict.FAIL: "failure"}  # what else closes it: "error"
_STATUSES = {Outcome.PASSED: "pass", Outcome.FAILED: "fail"}  # the others have no word there
_LONGEST = 1_000  # characters of one text
_FINDINGS = 20  # events of one check; the report has all


def send(report: Report, ended: Mapping[str, float]) -> None:
    """Send the spans to the collector that the environment names, within its time limit.

    `ended` is when each check ended, in seconds of the epoch, by its id; a check that is not in it
    did not run and gets no span. A TRACEPARENT in the environment becomes the parent. Raises
    ReportError where the extra is not installed, or nobody took the spans.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import SpanExportResult
    except ImportError:
        raise ReportError(
            "OpenTelemetry is not installed: pip install 'releasegate[otel]'"
        ) from None
    protocol = next(filter(None, map(os.environ.get, _PROTOCOLS)), "http/protobuf")
    if protocol != "http/protobuf":
        raise ReportError(f"{_PROTOCOLS[1]} is {protocol!r}, expected 'http/protobuf'")
    exporter = OTLPSpanExporter()
    try:
        taken = exporter.export(spans(report, ended)) is SpanExportResult.SUCCESS
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]
    if not taken:
        raise ReportError("no collector took them; expected one that speaks OTLP over HTTP")


def spans(report: Report, ended: Mapping[str, float]) -> tuple[ReadableSpan, ...]:
    """The spans of a run, ended, as an exporter takes them; the gate's own is the last."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    resource = Resource.create() if _named() else Resource.create({"service.name": "releasegate"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    _trace(provider.get_tracer("releasegate", report.tool.version), report, ended)
    return kept.get_finished_spans()


def _named() -> bool:
    attributes = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return bool(os.environ.get("OTEL_SERVICE_NAME")) or "service.name=" in attributes


def _trace(tracer: Tracer, report: Report, ended: Mapping[str, float]) -> None:
    from opentelemetry.trace import set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {name: os.environ.get(name.upper(), "") for name in ("traceparent", "tracestate")}
    root = tracer.start_span(
        f"gate {_text(report.subject.name)}",
        context=TraceContextTextMapPropagator().extract(carrier),
        attributes=_facts(report),
        start_time=round(report.started_at.timestamp() * 1e9),
    )
    inside = set_span_in_context(root)
    for result in report.checks:
        if result.id in ended:
            stop = round(ended[result.id] * 1e9)
            start = stop - round(result.duration_s * 1e9)
            span = tracer.start_span(_text(result.id), inside, start_time=start)
            _tell(span, report, result, stop)
            span.end(stop)
    _mark(root, report.verdict is not Verdict.PASS, summary.sentence(report))
    last = max([report.finished_at.timestamp(), *ended.values()])  # the report cuts to the ms
    root.end(round(last * 1e9))


def _facts(report: Report) -> dict[str, AttributeValue]:
    """In the words of the semantic conventions, where they have one."""
    subject = report.subject
    facts = {
        "cicd.pipeline.task.name": "gate",
        "cicd.pipeline.task.run.result": _RESULTS.get(report.verdict, "error"),
        "test.suite.name": subject.name,
        "test.suite.run.status": "success" if report.verdict is Verdict.PASS else "failure",
        "container.image.name": subject.reference,
        "container.image.id": subject.config_digest,
        "oci.manifest.digest": subject.manifest_digest,
        "releasegate.verdict": str(report.verdict),
        "releasegate.policy": report.policy.name,
        "releasegate.policy.digest": report.policy.digest,
    }
    return {key: _text(value) for key, value in facts.items() if value}


def _tell(span: Span, report: Report, result: CheckResult, stop: int) -> None:
    span.set_attribute("test.case.name", _text(result.id))
    span.set_attribute("releasegate.outcome", str(result.outcome))
    span.set_attribute("releasegate.required", result.required)
    if result.outcome in _STATUSES:
        span.set_attribute("test.case.result.status", _STATUSES[result.outcome])
    for row in result.measurements:
        if row.value is not None and row.limit is not None:
            key = f"releasegate.measurement.{_text(row.name)}"
            span.set_attribute(key, row.value)
            span.set_attribute(f"{key}.limit", _text(row.limit))
            span.set_attribute(f"{key}.shown", _text(numbers.quantity(row.value, row.unit)))
    for finding in summary.findings(result)[:_FINDINGS]:
        facts = {"rule": finding.rule, "message": finding.message, "location": finding.location}
        told = {f"releasegate.finding.{key}": _text(value) for key, value in facts.items() if value}
        span.add_event(f"finding: {finding.severity}", told, timestamp=stop)
    _mark(span, summary.closes(report, result), result.reason)


def _mark(span: Span, closed: bool, reason: str) -> None:
    from opentelemetry.trace import StatusCode

    if closed:
        span.set_status(StatusCode.ERROR, _text(reason))


def _text(value: str) -> str:
    return printable(value)[:_LONGEST]
