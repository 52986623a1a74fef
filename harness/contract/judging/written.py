"""Judging how the JSON of an answer is written: what strict readers of it object to."""

from __future__ import annotations

from collections.abc import Iterator

from harness.contract.judging.findings import Exchange
from harness.contract.wire.reading import read
from harness.contract.wire.transport import Layer
from harness.model import Finding, Severity

_WRITTEN = {
    "json-bom": "RFC 8259 section 8.1",
    "json-utf8": "RFC 8259 section 8.1",
    "json-syntax": "RFC 8259 section 2",
    "json-nonfinite": "RFC 8259 section 6",
    "json-duplicate-key": "RFC 7493 section 2.3",
    "json-surrogate": "RFC 7493 section 2.1",
    "json-noncharacter": "RFC 7493 section 2.1",
    "json-overflow": "RFC 7493 section 2.2",
    "json-big-integer": "RFC 7493 section 2.2",
}


def judge_written(exchange: Exchange) -> Iterator[Finding]:
    """Everything in the bytes of a body that two readers of JSON may read as two things.

    Who sends what is no strict JSON may get the like back: that is a warning.
    """
    for problem in exchange.parsed.problems:
        error = problem.severity is Severity.ERROR
        yield exchange.finding(
            problem.rule,
            Layer.RESPONSE,
            problem.message if exchange.succeeded else _in_error(exchange, problem.message),
            severity=Severity.WARNING
            if error and not asks_strictly(exchange)
            else problem.severity,
            location=problem.location,
            expected="JSON that every reader reads alike",
            promise=_WRITTEN.get(problem.rule, ""),
        )


def asks_strictly(exchange: Exchange) -> bool:
    """Whether the request itself is strict JSON, or has no body."""
    body = exchange.case.prepared.body
    return not body or all(item.severity is not Severity.ERROR for item in read(body).problems)


def _in_error(exchange: Exchange, message: str) -> str:
    return f"{message}, in the error of status {exchange.answer.status} for {exchange.case.name}"
