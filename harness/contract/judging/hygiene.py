"""Judging what no answer may tell, whatever its status: see leaks.py for what that is."""

from __future__ import annotations

from collections.abc import Iterator

from harness.contract.judging.findings import Exchange
from harness.contract.judging.leaks import Leak, leaks, plain
from harness.contract.text import shown
from harness.contract.wire.strictjson import first
from harness.contract.wire.transport import Layer
from harness.model import Finding, Severity

# Members that tell of the service and not of the prediction.
_OF_SERVICE = ("error", "exception", "trace", "stack", "debug", "detail", "message", "path", "file")


def sent_text(exchange: Exchange) -> str:
    """Everything that the request carried, to be told apart from what the server added."""
    sent = exchange.case.prepared
    return "\n".join((sent.path, *sent.headers.values(), plain(sent.body)))


def judge_leaks(exchange: Exchange) -> Iterator[Finding]:
    """Stack traces, the server's paths, exception classes and secrets in a body, at any status.

    In a prediction a path or a class name may be what the model was asked for: a warning there.
    """
    body = exchange.answer.body
    found = list(leaks(body))
    for leak in leaks(body, sent_text(exchange)) if found else ():
        status = exchange.answer.status
        result = exchange.comparable and not leak.kind.grave and not _of_service(exchange, leak)
        yield exchange.finding(
            "leak",
            Layer.RESPONSE,
            f"{leak.kind.name} in the body of status {status} (request: {exchange.case.name})",
            severity=Severity.WARNING if result else Severity.ERROR,
            location=_place(exchange, leak),
            expected=leak.kind.remedy,
            received=shown(leak.around),
            promise="CWE-209",
        )


def _place(exchange: Exchange, leak: Leak) -> str:
    if not exchange.parsed.readable:
        return ""
    return first(exchange.parsed.value, lambda item: isinstance(item, str) and leak.text in item)


def _of_service(exchange: Exchange, leak: Leak) -> bool:
    place = _place(exchange, leak).lower()
    return any(word in place for word in _OF_SERVICE)
