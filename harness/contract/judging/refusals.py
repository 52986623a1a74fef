"""Judging the answer to a request that the contract does not allow: a 4xx that says why as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.contract.judging.envelope import (
    content_type_problem,
    judge_end,
    judge_transport,
    kind_of,
    says_json,
)
from harness.contract.judging.findings import Exchange, relax
from harness.contract.judging.hygiene import judge_leaks
from harness.contract.judging.written import judge_written
from harness.contract.requests.cases import Claim
from harness.contract.wire.transport import Layer
from harness.model import Finding, Severity

if TYPE_CHECKING:
    from harness.contract.contract import Contract

_REFUSED = "RFC 9110 section 15.5"
_NOT_IMPLEMENTED = 501  # RFC 9110 section 15.6.2: for a method that a server knows nowhere


def judge_invalid(contract: Contract, exchange: Exchange) -> list[Finding]:
    """What is wrong with the answer to a request that the contract does not allow."""
    return relax(_invalid(contract, exchange), contract.tolerated)


def _invalid(contract: Contract, exchange: Exchange) -> Iterator[Finding]:
    status, case = exchange.answer.status, exchange.case
    if exchange.answer.error is not None:
        yield from judge_transport(exchange)
        return
    yield from judge_end(exchange)
    yield from judge_leaks(exchange)
    yield from judge_error_json(exchange)
    served = case.prepared.method in contract.preset.methods
    if status == _NOT_IMPLEMENTED and not served:
        return
    if status >= 500:
        message = f"status {status} for {case.name}: a crash where a refusal is due"
        # Another method than the path serves is refused by the router, not by the model's reader.
        rule = "crash" if served else "routing"
        yield exchange.finding(rule, Layer.PARSING, message, expected="4xx", promise=_REFUSED)
    elif case.claim is not Claim.INVALID:
        yield from contract.rules.judge_odd(exchange) if exchange.succeeded else ()
    elif status < 400:
        what = "redirected" if status >= 300 else "accepted, though the contract forbids it"
        message = f"status {status} for {case.name}: {what}"
        yield exchange.finding("accepted", Layer.PARSING, message, expected="4xx", promise=_REFUSED)
    elif case.prepared.method != "HEAD":
        yield from _error_body(contract, exchange)


def judge_error_json(exchange: Exchange) -> Iterator[Finding]:
    """What strict readers object to in an error that calls itself JSON, and can be read."""
    refused = exchange.answer.status >= 400 and exchange.case.prepared.method != "HEAD"
    if refused and says_json(exchange.answer) and exchange.parsed.readable:
        yield from judge_written(exchange)


def _error_body(contract: Contract, exchange: Exchange) -> Iterator[Finding]:
    status, name, preset = exchange.answer.status, exchange.case.name, contract.preset
    if _is_of_other_type(exchange, preset.error_types):
        return
    if not exchange.parsed.readable or content_type_problem(exchange.answer, preset.error_types):
        message = f"status {status} for {name} without a JSON body"
        yield exchange.finding(
            "error-body",
            Layer.RESPONSE,
            message,
            expected="an error as application/json",
            promise=f"protocol {preset.full_name}",
        )
        return
    members = preset.error_members
    value = exchange.parsed.value
    if members and not (isinstance(value, dict) and any(member in value for member in members)):
        message = f"status {status} for {name}: an error without the protocol's {members[0]!r}"
        yield exchange.finding(
            "error-shape",
            Layer.RESPONSE,
            message,
            severity=Severity.WARNING,
            expected=" or ".join(members),
            promise=f"protocol {preset.full_name}",
        )


def _is_of_other_type(exchange: Exchange, types: frozenset[str]) -> bool:
    """Whether the body is of a type that this dialect's errors have besides JSON."""
    return kind_of(exchange.answer) in types - {"application/json"}
