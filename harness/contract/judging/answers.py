"""Judging one answer to a valid request: transport, status, strict JSON, schema, tensors, leaks."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.contract.forms import Form
from harness.contract.judging.columns import judge_columns
from harness.contract.judging.disguise import crash_under_4xx, error_under_200
from harness.contract.judging.envelope import (
    content_type_problem,
    is_encoded,
    judge_transport,
    says_json,
)
from harness.contract.judging.findings import Exchange, relax
from harness.contract.judging.hygiene import judge_leaks, sent_text
from harness.contract.judging.tensors import Broken, judge
from harness.contract.judging.written import asks_strictly, judge_written
from harness.contract.requests.cases import JSON_TYPE, Claim
from harness.contract.schema.schemas import Schema
from harness.contract.text import shown
from harness.contract.wire.transport import ACCEPTED, Layer, Prepared, layer_of
from harness.model import Finding, Severity

if TYPE_CHECKING:
    from harness.config.schema import Tensor

_NO_SUCCESS = "RFC 9110 section 15.3"


@dataclass(frozen=True, slots=True)
class Rules:
    """What an answer is held against."""

    form: Form
    response: Schema | None
    tolerance: float
    tolerated: AbstractSet[str] = frozenset()  # rules whose findings are only warnings
    outputs_by: str = "contract.outputs"  # where the outputs stand

    def judge(self, exchange: Exchange) -> list[Finding]:
        """Everything that is wrong with the answer to a request that should have been served."""
        service = self.judge_service(exchange)
        unread = exchange.succeeded and not exchange.parsed.readable
        return service if unread else [*service, *self.judge_json(exchange)]

    def judge_service(self, exchange: Exchange) -> list[Finding]:
        """Whether there is an answer, a 200, and what the contract promises in it.

        How its JSON is written is `judge_json`'s matter, but for a body that cannot be read.
        """
        return relax(self._service(exchange), self.tolerated)

    def judge_json(self, exchange: Exchange) -> list[Finding]:
        """What strict readers of JSON object to in a 200 answer: the bytes and the content type."""
        return relax(self._json(exchange), self.tolerated)

    def judge_odd(self, exchange: Exchange) -> list[Finding]:
        """What a 2xx has to be, though the contract says nothing of the request that it answers.

        JSON in the form of an answer, with every output and a result for each row, and no error in
        disguise. Which values are right nobody knows; what is no strict JSON may be answered with
        the like.
        """
        found = relax(self._odd(exchange), self.tolerated)
        rules = frozenset() if asks_strictly(exchange) else frozenset(item.rule for item in found)
        return relax(found, rules)

    def _odd(self, exchange: Exchange) -> Iterator[Finding]:
        sent, answer = exchange.case.prepared, exchange.answer
        bodiless = answer.status in (204, 205) or sent.method not in self.form.preset.methods
        if bodiless or is_encoded(answer) or (_negotiates(sent) and not says_json(answer)):
            return
        yield from self._json(exchange)
        for item in self._formed(exchange) if exchange.parsed.readable else ():
            yield exchange.finding(
                item.rule,
                Layer.RESPONSE,
                f"{item.message} ({exchange.case.name})",
                location=item.path,
                expected=item.expected,
                received=item.received or None,
                promise=item.promise,
            )

    def _formed(self, exchange: Exchange) -> list[Broken]:
        """Whether a value can be an answer at all."""
        value, sent, preset = exchange.parsed.value, exchange.case.value, self.form.preset
        if preset.failure is not None and preset.failure.told(value):
            return []  # so this protocol says no
        failed = preset.failed(value) or error_under_200(value)
        if failed:
            message = f"status {exchange.answer.status} with an error in it: {failed}"
            return [Broken("error-200", message, "$", "a result, or a 4xx", "", _NO_SUCCESS)]
        protocol = f"protocol {preset.full_name}"
        carried = self.form.carried(value)
        if isinstance(carried, Broken):
            return [carried.promised(protocol)]
        due = self._due(sent)
        absent = [item for item in judge(due, carried, {}) if item.rule == "tensor-missing"]
        rows = () if self._is_strange(sent) else self._row_count(sent, value)
        return [
            *self._schema(value),
            *(item.promised(self.outputs_by) for item in absent),
            *(item.promised(protocol) for item in rows),
        ]

    def _is_strange(self, sent: Any) -> bool:
        """Whether nobody can say how many rows a request has."""
        if sent is None or self.form.malformed(sent):
            return True
        return bool(self.form.inputs) and bool(judge(self.form.inputs, self.form.sent(sent), {}))

    def _due(self, sent: Any) -> list[Tensor]:
        """The outputs that a request asks for."""
        wanted = self.form.requested_outputs(sent)
        return [t for t in self.form.outputs if not wanted or t.name in wanted]

    def _service(self, exchange: Exchange) -> Iterator[Finding]:
        yield from judge_transport(exchange)
        if exchange.answer.error is not None or is_encoded(exchange.answer):
            return
        if not exchange.succeeded:
            yield refusal(exchange)
        elif exchange.parsed.readable:
            yield from self._value(exchange)
        else:
            yield from self._json(exchange)
        yield from judge_leaks(exchange)

    def _json(self, exchange: Exchange) -> Iterator[Finding]:
        if not exchange.succeeded or is_encoded(exchange.answer):
            return
        kind = content_type_problem(exchange.answer, self.form.preset.answer_types)
        if kind:
            yield exchange.finding(
                "content-type",
                Layer.RESPONSE,
                kind,
                expected="application/json",
                received=shown(exchange.answer.header("content-type")),
                promise="RFC 8259 section 11",
            )
        yield from judge_written(exchange)

    def _value(self, exchange: Exchange) -> Iterator[Finding]:
        value = exchange.parsed.value
        broken = [*self._schema(value), *self._tensors(value, exchange)]
        # Where the contract says what an answer is, that is the better way to say it.
        failed = broken == [] and (self.form.preset.failed(value) or self._error(value, exchange))
        if failed:
            broken.append(
                Broken("error-200", f"status 200 with an error in it: {failed}", "$", "a result")
            )
        for item in broken:
            yield exchange.finding(
                item.rule,
                Layer.RESPONSE,
                item.message,
                severity=Severity.WARNING if item.rule == "answer-member" else Severity.ERROR,
                location=item.path,
                expected=item.expected,
                received=item.received or None,
                promise=item.promise,
            )

    def _error(self, value: Any, exchange: Exchange) -> str:
        shown_so = exchange.case.example
        if shown_so is not None and shown_so.has_response:
            return ""  # its recorded answer says what is due
        return error_under_200(value) if self.response is None else ""

    def _schema(self, value: Any) -> Iterator[Broken]:
        for found in self.response.violations(value) if self.response is not None else ():
            where = f"{self.response.name}{found.pointer}" if self.response is not None else ""
            rule = "response-schema"
            yield Broken(rule, found.message, found.path, found.expected, found.received, where)

    def _tensors(self, value: Any, exchange: Exchange) -> list[Broken]:
        protocol = f"protocol {self.form.preset.full_name}"
        carried = self.form.carried(value)
        if isinstance(carried, Broken):
            return [carried.promised(protocol)]
        sent = exchange.case.value
        wanted = self.form.requested_outputs(sent)
        due = self._due(sent)
        broken = judge(due, carried, self._bound(exchange), self.tolerance)
        broken = broken or list(judge_columns(due, carried, self.tolerance))
        if broken:
            return [item.promised(self.outputs_by if due else protocol) for item in broken]
        related = (*self._row_count(sent, value), *self._beside(sent, value))
        requested = _requested(wanted, [tensor.name for tensor in carried])
        return [item.promised(protocol) for item in (*related, *requested)]

    def _bound(self, exchange: Exchange) -> dict[str, int]:
        """What the words in the inputs' shapes stand for in this request."""
        bound, sent = dict(exchange.case.bound), exchange.case.value
        if not bound and self.form.inputs and sent is not None and not self.form.malformed(sent):
            judge(self.form.inputs, self.form.sent(sent), bound)
        return bound

    def _row_count(self, sent: Any, value: Any) -> Iterator[Broken]:
        rows = self.form.split(sent)
        results = self.form.results(value) if rows is not None else None
        promised = self.form.by_rows or bool(self.form.outputs)
        if promised and rows is not None and results is not None and len(results) != len(rows):
            message = "not one row out for each row in"
            there = f"{len(results)} rows"
            yield Broken("tensor-rows", message, "$", f"{len(rows)} rows", there)

    def _beside(self, sent: Any, value: Any) -> Iterator[Broken]:
        """The id of the request, and the members that the protocol has in every answer."""
        if not isinstance(value, dict):
            return
        wanted = sent.get("id") if isinstance(sent, dict) else None
        tensors = self.form.preset.form == "tensors"
        if tensors and isinstance(wanted, str) and value.get("id") != wanted:
            message = "the id of the request is not in the answer"
            yield Broken("id-echo", message, "$.id", shown(wanted), shown(value.get("id")))
        for name in self.form.preset.answer_members:
            if not isinstance(value.get(name), str):
                message = f"no member {name!r} beside the results"
                yield Broken("answer-member", message, f"$.{name}", name, shown(list(value)))


def _requested(wanted: list[str], there: list[str]) -> Iterator[Broken]:
    """An answer has the outputs that its request names, and no others."""
    if wanted and set(wanted) != set(there):
        message = "not the outputs that the request asks for"
        expected, received = ", ".join(wanted), ", ".join(there) or "none"
        yield Broken("tensor-requested", message, "$", expected[:300], received[:300])


def _negotiates(sent: Prepared) -> bool:
    """Whether a request calls its body something else than JSON, or wants something else."""
    given = {name.lower(): value for name, value in sent.headers.items()}
    return given.get("content-type") != JSON_TYPE or given.get("accept", ACCEPTED) != ACCEPTED


def refusal(exchange: Exchange) -> Finding:
    """A request that should have been served, and was not answered with 200."""
    status, case = exchange.answer.status, exchange.case
    layer = layer_of(status)
    if case.claim is Claim.ALLOWED and layer is Layer.PARSING:
        crash = crash_under_4xx(exchange.answer.body, sent_text(exchange))
        what = f"refused with {crash}: a crash" if crash else "for a request that is allowed"
        return exchange.finding(
            "crash" if crash else "refused",
            Layer.INFERENCE if crash else layer,
            f"status {status} {what} ({case.name})",
            severity=Severity.ERROR if crash else Severity.WARNING,
            expected="200",
            promise="contract.request, contract.inputs" if crash else "",
        )
    message = f"status {status} for a valid request ({case.name})"
    if 300 <= status < 400:
        where = shown(exchange.answer.header("location"), 120)
        message = f"status {status} to {where} for a valid request, not followed ({case.name})"
    promise = "contract.examples" if case.example is not None else "the contract's requests"
    return exchange.finding("status", layer, message, expected="200", promise=promise)
