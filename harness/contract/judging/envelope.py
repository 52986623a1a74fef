"""Judging what an answer travels in: whether it is there, whole, and what its headers say it is."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from email.message import Message

from harness.contract.judging.findings import Exchange
from harness.contract.requests.cases import Claim
from harness.contract.text import shown
from harness.contract.wire.transport import Answer, Layer
from harness.model import Finding, Severity

LARGE = 1024 * 1024  # bytes of a body that common servers do not read
_LENGTH_REQUIRED, _UNKNOWN = 411, 501  # RFC 9110 section 15.5.12, RFC 9112 section 6.1


def judge_transport(exchange: Exchange) -> Iterator[Finding]:
    """No answer, a broken one, or one that is not what its headers say."""
    answer = exchange.answer
    if answer.error is not None:
        message = f"{answer.error} (request: {exchange.case.name})"
        severity = Severity.WARNING if may_be_lost(exchange) else Severity.ERROR
        yield exchange.finding(
            "no-answer", answer.layer, message, severity=severity, expected="a complete answer"
        )
        return
    yield from judge_end(exchange)
    if is_encoded(answer):
        yield exchange.finding(
            "content-encoding",
            Layer.RESPONSE,
            "an encoded body that was not asked for, and is not unpacked",
            expected="identity, as Accept-Encoding asked",
            received=f"{shown(answer.header('content-encoding'), 80)}, {len(answer.body)} bytes",
            promise="RFC 9110 section 12.5.3",
        )
    if answer.retried:
        yield exchange.finding(
            "connection-dropped",
            Layer.CONNECTION,
            "a kept-open connection was closed without an answer; the request was sent again",
            severity=Severity.WARNING,
        )


def may_be_lost(exchange: Exchange) -> bool:
    """Whether a body that nobody has to read was answered by a reset.

    A refusal that was sent before may be lost with it (RFC 9112 section 9.6).
    """
    large = len(exchange.case.prepared.body) > LARGE
    return exchange.answer.cut and large and exchange.case.claim in (Claim.INVALID, Claim.ODD)


def judge_end(exchange: Exchange) -> Iterator[Finding]:
    """Bytes after the end of an answer: the next one on the connection would begin with them."""
    sent, answer = exchange.case.prepared, exchange.answer
    if not answer.surplus:
        return
    rule, layer, promise = "content-length", Layer.RESPONSE, "RFC 9112 section 6.3"
    message = "bytes after the end of the body: Content-Length is too small"
    expected = f"{len(answer.body)} bytes, as Content-Length says"
    if sent.method == "HEAD":
        rule, promise = "head-body", "RFC 9110 section 9.3.2"
        message = f"HEAD is answered with a body (status {answer.status})"
        expected = "a head and nothing after it"
    elif sent.chunked:
        rule, layer = "desync", Layer.PARSING
        message = "a second answer to one chunked request: its body was taken for another request"
        expected = "one answer"
    there = f"at least {answer.surplus} bytes more"
    yield exchange.finding(rule, layer, message, expected=expected, received=there, promise=promise)


def chunks_refused(exchange: Exchange) -> Finding | None:
    """A body that is refused because it comes in chunks, where the same bytes at once are served.

    A server of HTTP/1.1 has to read chunks. That it wants a length is its right, and 501 is what
    it says to a coding that it does not know; that is only worth knowing, as is HTTP/1.0.
    """
    answer, sent = exchange.answer, exchange.case.prepared
    refused = answer.error is None and (400 <= answer.status < 500 or answer.status == _UNKNOWN)
    if not sent.chunked or not refused:
        return None
    right = answer.status in (_LENGTH_REQUIRED, _UNKNOWN) or answer.minor == 0
    return exchange.finding(
        "chunks",
        Layer.PARSING,
        f"status {answer.status} for a body in chunks; the same bytes with a length are served",
        severity=Severity.WARNING if right else Severity.ERROR,
        expected="the answer to the same bytes, or 411",
        promise="RFC 9112 section 7.1",
    )


def is_encoded(answer: Answer) -> bool:
    """Whether the body is packed: it was not asked for, and a small one may unpack to gigabytes."""
    encoding = answer.header("content-encoding") or "identity"
    return encoding.strip().lower() != "identity"


def says_json(answer: Answer) -> bool:
    """Whether the content type is one of JSON, whatever its charset."""
    return kind_of(answer) == "application/json" or kind_of(answer).endswith("+json")


def kind_of(answer: Answer) -> str:
    """The media type in lower case, without its parameters; "" where none is stated."""
    return (answer.header("content-type") or "").partition(";")[0].strip().lower()


def content_type_problem(answer: Answer, others: AbstractSet[str] = frozenset()) -> str:
    """What is wrong with the content type of a JSON body, or "". `others` will do as well."""
    header = answer.header("content-type")
    if header is None:
        return "" if "" in others else "a JSON body without a content type"
    message = Message()
    message["content-type"] = header
    kind = message.get_content_type()
    if kind in others:
        return ""
    if kind != "application/json" and not kind.endswith("+json"):
        return "a JSON body under another content type"
    charset = str(message.get_param("charset", "utf-8")).lower()
    return "" if charset in ("utf-8", "utf8") else f"charset {charset[:40]!r}, but JSON is UTF-8"
