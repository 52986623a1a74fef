"""Observability: what operators will see of the candidate, and what they must not see."""

from __future__ import annotations

import time

from harness import Finding, Measurement, Severity, Startup, check
from harness.config import Gate
from harness.contract import Answer, Contract, Prepared, curl, send
from harness.runtime import Endpoint
from harness.static import leaked_payloads, log_secrets, tracebacks

_MOST_BYTES = 8 * 2**20
_NOWHERE = "/releasegate/no-such-metrics"
_REQUESTS = 3
_LOGS_SETTLE = 1.0  # seconds at most for a line to travel from the candidate to the engine


def _has_logs(gate: Gate) -> str:
    if gate.candidate.url is not None:
        return "the candidate is given by candidate.url: its logs cannot be read"
    return ""


@check(measures=("metrics_series",), advisory=True)
def check_metrics(endpoint: Endpoint) -> list[Measurement | Finding]:
    """Where /metrics answers, Prometheus can read it."""
    request = Prepared("GET", "/metrics", {"Accept": "text/plain"}, b"")
    answer = send(endpoint.base_url, request, max_bytes=_MOST_BYTES)
    series, finding = 0, None
    missing = answer.error or (f"status {answer.status}" if answer.status != 200 else "")
    if missing or _answers_anything(endpoint.base_url):
        finding = Finding(
            "no-metrics",
            f"the candidate offers no /metrics: {missing or 'it answers 200 on any path'}",
            severity=Severity.INFO,
            location="/metrics",
            reproduce=curl(request, endpoint.base_url),
        )
    else:
        try:
            series = _series(answer)
        # The parser of OpenMetrics answers some malformed labels with a KeyError.
        except (ValueError, LookupError) as problem:
            finding = Finding(
                "metrics-format",
                f"Prometheus cannot read /metrics: {str(problem)[:200]}",
                location="/metrics",
                expected="the text format of Prometheus",
                received=answer.header("Content-Type") or "no Content-Type",
                reproduce=curl(request, endpoint.base_url),
            )
    return [Measurement("metrics_series", float(series)), *([finding] if finding else [])]


@check(measures=("log_lines", "log_requests"), applies=_has_logs)
def check_logs(
    gate: Gate, startup: Startup, endpoint: Endpoint, contract: Contract
) -> list[Measurement | Finding]:
    """The logs hold no traceback from the start, no secret and no client's data."""
    sent = contract.requests()[:_REQUESTS]
    answered = [r for r in sent if send(endpoint.base_url, r).status == 200]
    logs = _settled_logs(endpoint)
    forbidden = gate.candidate.payloads_in_logs == "forbid"
    seen: list[Measurement | Finding] = [
        Measurement("log_lines", float(len(logs.splitlines()))),
        Measurement("log_requests", float(len(answered))),
        *tracebacks(startup.logs),
        *log_secrets(_joined(startup.logs, logs), gate.candidate.environment),
        *leaked_payloads(logs, [request.body for request in sent], forbidden),
    ]
    if not answered:
        seen.append(
            Finding(
                "no-answer",
                "no request was answered: whether requests are logged cannot be told",
                severity=Severity.DOUBT if forbidden else Severity.WARNING,
            )
        )
    return seen


def _answers_anything(base_url: str) -> bool:
    """Whether a 200 says nothing about a path: that defect is `contract.not_found`'s to tell."""
    answer = send(base_url, Prepared("GET", _NOWHERE, {"Accept": "text/plain"}, b""))
    return answer.error is None and answer.status == 200


def _series(answer: Answer) -> int:
    """How many samples the text holds. Raises ValueError where it is not the format."""
    from prometheus_client.openmetrics.parser import (
        text_string_to_metric_families as openmetrics,
    )
    from prometheus_client.parser import text_string_to_metric_families as plain

    kind = (answer.header("Content-Type") or "").lower()
    read = openmetrics if "openmetrics" in kind else plain
    samples = sum(len(family.samples) for family in read(answer.body.decode("utf-8")))
    if not samples:
        raise ValueError("it holds no sample")
    return samples


def _settled_logs(endpoint: Endpoint) -> str:
    """The logs once they have stopped growing: what was just asked is in them."""
    end = time.monotonic() + _LOGS_SETTLE
    logs = endpoint.logs()
    while time.monotonic() < end:
        time.sleep(0.1)
        before, logs = logs, endpoint.logs()
        if logs == before:
            break
    return logs


def _joined(first: str, later: str) -> str:
    """The start of the logs, where it is no longer in what the runtime keeps, and the rest."""
    return later if first in later else f"{first}\n{later}"
