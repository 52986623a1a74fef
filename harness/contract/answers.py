"""Judging one answer: transport, status, strict JSON, schema, tensors, and what must not leak."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any

from harness.contract.cases import Claim
from harness.contract.findings import Exchange
from harness.contract.forms import Form
from harness.contract.schemas import Schema
from harness.contract.tensors import Broken, judge
from harness.contract.text import shown
from harness.contract.transport import Answer, Layer, layer_of
from harness.model import Finding, Severity

_TRACES = re.compile(
    rb"Traceback \(most recent call last\)|File \\?\"[^\"\\]{1,200}\\?\", line \d+"
    rb"|/site-packages/|/dist-packages/|\bat [\w.$]{1,200}\([\w.]{1,80}\.(?:java|kt|scala):\d+\)"
)
_LOOKED_AT = 1_000_000  # bytes of a body that are searched for traces


@dataclass(frozen=True, slots=True)
class Rules:
    """What an answer is held against."""

    form: Form
    response: Schema | None
    tolerance: float

    def judge(self, exchange: Exchange) -> list[Finding]:
        """Everything that is wrong with the answer to a request that should have been served."""
        return [*self.judge_service(exchange), *self.judge_json(exchange)]

    def judge_service(self, exchange: Exchange) -> list[Finding]:
        """Whether there is an answer, a 200, and what the contract promises in it.

        How its JSON is written is `judge_json`'s matter, but for a body that cannot be read.
        """
        found = list(judge_transport(exchange))
        if exchange.answer.error is not None:
            return found
        if not exchange.succeeded:
            return [*found, refusal(exchange), *judge_leaks(exchange)]
        if not exchange.parsed.readable:
            return [*found, *self.judge_json(exchange)]
        return [*found, *self._judge_value(exchange), *judge_leaks(exchange)]

    def judge_json(self, exchange: Exchange) -> Iterator[Finding]:
        """What strict readers of JSON object to in a 200 answer: the bytes and the content type."""
        if not exchange.succeeded:
            return
        kind = content_type_problem(exchange.answer)
        if kind:
            header = shown(exchange.answer.header("content-type"))
            expected = "application/json"
            yield exchange.finding(
                "content-type", Layer.RESPONSE, kind, expected=expected, received=header
            )
        for problem in exchange.parsed.problems:
            by_design = self.form.preset.tolerates_nonfinite and problem.rule == "json-nonfinite"
            yield exchange.finding(
                problem.rule,
                Layer.RESPONSE,
                problem.message,
                severity=Severity.WARNING if by_design else problem.severity,
                location=problem.location,
                expected="JSON as of RFC 8259 and RFC 7493",
            )

    def _judge_value(self, exchange: Exchange) -> Iterator[Finding]:
        value = exchange.parsed.value
        for broken in (*self._schema(value), *self._tensors(value, exchange)):
            yield exchange.finding(
                broken.rule,
                Layer.RESPONSE,
                broken.message,
                location=broken.path,
                expected=broken.expected,
                received=broken.received,
            )

    def _schema(self, value: Any) -> Iterator[Broken]:
        if self.response is None:
            return
        for found in self.response.violations(value):
            expected = f"{found.expected} (by {self.response.name}{found.pointer})"
            yield Broken("response-schema", found.message, found.path, expected, found.received)

    def _tensors(self, value: Any, exchange: Exchange) -> Sequence[Broken]:
        carried = self.form.carried(value)
        if isinstance(carried, Broken):
            return [carried]
        bound = dict(exchange.case.bound)
        broken = judge(self.form.outputs, carried, bound, self.tolerance)
        sent = exchange.case.value
        return broken or [*self._row_count(sent, value), *self._echo(sent, value)]

    def _row_count(self, sent: Any, value: Any) -> Iterator[Broken]:
        rows = self.form.split(sent)
        results = self.form.results(value) if rows is not None else None
        promised = self.form.preset.form == "rows" or bool(self.form.outputs)
        if promised and rows is not None and results is not None and len(results) != len(rows):
            message = "not one row out for each row in"
            there = f"{len(results)} rows"
            yield Broken("tensor-rows", message, "$", f"{len(rows)} rows", there)

    def _echo(self, sent: Any, value: Any) -> Iterator[Broken]:
        if self.form.preset.form != "tensors" or not isinstance(sent, dict):
            return
        wanted = sent.get("id")
        if isinstance(wanted, str) and value.get("id") != wanted:
            message = "the id of the request is not in the answer"
            yield Broken("id-echo", message, "$.id", shown(wanted), shown(value.get("id")))


def judge_transport(exchange: Exchange) -> Iterator[Finding]:
    """No answer, a broken one, or one that is not what its headers say."""
    answer = exchange.answer
    if answer.error is not None:
        message = f"{answer.error} (request: {exchange.case.name})"
        yield exchange.finding("no-answer", answer.layer, message, expected="a complete answer")
        return
    if answer.surplus:
        yield exchange.finding(
            "content-length",
            Layer.RESPONSE,
            "bytes after the end of the body: Content-Length is too small",
            expected=f"{len(answer.body)} bytes, as Content-Length says",
            received=f"at least {answer.surplus} more",
        )
    encoding = answer.header("content-encoding") or "identity"
    if encoding.strip().lower() != "identity":
        yield exchange.finding(
            "content-encoding",
            Layer.RESPONSE,
            "an encoded body that was not asked for",
            expected="identity, as Accept-Encoding asked",
            received=shown(encoding, 80),
        )
    if answer.retried:
        yield exchange.finding(
            "connection-dropped",
            Layer.CONNECTION,
            "a kept-open connection was closed without an answer; the request was sent again",
            severity=Severity.WARNING,
        )


def refusal(exchange: Exchange) -> Finding:
    """A request that should have been served, and was not answered with 200."""
    status, case = exchange.answer.status, exchange.case
    layer = layer_of(status)
    if case.claim is Claim.ALLOWED and layer is Layer.PARSING:
        message = f"status {status} for a request that the contract allows ({case.name})"
        return exchange.finding(
            "refused", layer, message, severity=Severity.WARNING, expected="200"
        )
    message = f"status {status} for a valid request ({case.name})"
    return exchange.finding("status", layer, message, expected="200")


def judge_leaks(exchange: Exchange) -> Iterator[Finding]:
    """Stack traces and paths of the server's own files in a body, at any status."""
    body = exchange.answer.body[:_LOOKED_AT]
    match = _TRACES.search(body)
    if match is not None:
        message = f"a stack trace in the body of status {exchange.answer.status}"
        yield exchange.finding(
            "leak",
            Layer.RESPONSE,
            f"{message} (request: {exchange.case.name})",
            expected="a message for the caller; the trace belongs into the log",
            received=shown(body[max(0, match.start() - 40) :]),
        )


def content_type_problem(answer: Answer) -> str:
    """What is wrong with the content type of a JSON body, or ""."""
    header = answer.header("content-type")
    if header is None:
        return "a JSON body without a content type"
    message = Message()
    message["content-type"] = header
    kind = message.get_content_type()
    if kind != "application/json" and not kind.endswith("+json"):
        return "a JSON body under another content type"
    charset = str(message.get_param("charset", "utf-8")).lower()
    return "" if charset in ("utf-8", "utf8") else f"charset {charset[:40]!r}, but JSON is UTF-8"
