"""The contract checks' instruments: each sends its requests and says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract.answers import content_type_problem, judge_leaks, judge_transport
from harness.contract.cases import Case, Claim, Example, dumps, prepared
from harness.contract.compare import Comparer
from harness.contract.contract import Contract
from harness.contract.findings import Exchange, fold
from harness.contract.text import shown
from harness.contract.transport import Client, Layer, Prepared, layer_of
from harness.errors import GateError
from harness.model import Finding, Severity

_TIMEOUT = 10.0  # seconds for an answer to one abuse
_HANGS = 2  # requests without an answer, after which no more are sent
_REPLAYS = 2
_NO_SUCH_PATH = "/releasegate/no-such-path"
_METHODS = ("GET", "PUT", "DELETE")


@dataclass(frozen=True, slots=True)
class Seen:
    """What an instrument looked at, and what it found."""

    count: int
    findings: tuple[Finding, ...]


def _seen(count: int, findings: Iterable[Finding]) -> Seen:
    return Seen(count, tuple(fold(findings)))


def examples(contract: Contract, base_url: str) -> Seen:
    """Each declared example gives its status and its response."""
    surveyed = {id(e.case.example): e for e in contract.survey(base_url).exchanges}
    found: list[Finding] = []
    count = hangs = 0
    for example in contract.examples:
        exchange = surveyed.get(id(example))
        if exchange is None and hangs < _HANGS:
            exchange = contract.exchange(_case_of(contract, example), base_url, _TIMEOUT)
        if exchange is not None:
            found += _judge_example(contract, example, exchange)
            hangs += exchange.answer.error is not None
            count += 1
    return _seen(count, found)


def _case_of(contract: Contract, example: Example) -> Case:
    request = prepared(contract.predict_path, dumps(example.request))
    claim = Claim.VALID if example.succeeds else Claim.INVALID
    return Case(f"example on line {example.line}", request, claim, example.request, example)


def _judge_example(contract: Contract, example: Example, exchange: Exchange) -> list[Finding]:
    answer, name = exchange.answer, exchange.case.name
    if answer.error is not None:
        return list(judge_transport(exchange))
    if answer.status != example.status:
        message = f"{name}: status {answer.status}, promised {example.status}"
        expected = str(example.status)
        return [
            exchange.finding("example-status", layer_of(answer.status), message, expected=expected)
        ]
    if not example.has_response:
        return []
    if not exchange.parsed.readable:
        problem = exchange.parsed.problems[0]
        message = f"{name}: {problem.message}"
        return [exchange.finding(problem.rule, Layer.RESPONSE, message, location=problem.location)]
    return _differing(contract, example, exchange)


def _differing(contract: Contract, example: Example, exchange: Exchange) -> list[Finding]:
    value = _stated(contract, example.response, exchange.parsed.value)
    difference = Comparer(contract.tolerance).difference(example.response, value)
    if difference is None:
        return []
    stable = _is_stable(contract, exchange)
    message = f"{exchange.case.name}: the answer is not the recorded one"
    # An answer that changes from time to time is the behaviour checks' finding; here it only
    # means that the example could not be confirmed.
    return [
        exchange.finding(
            "example-response" if stable else "example-unstable",
            Layer.INFERENCE,
            message if stable else f"{message}, nor the same each time",
            severity=Severity.ERROR if stable else Severity.DOUBT,
            location=difference.path,
            expected=shown(difference.expected),
            received=shown(difference.received),
        )
    ]


def _stated(contract: Contract, expected: Any, value: Any) -> Any:
    """Of a tensor protocol's answer only what the example states: servers add ids and versions."""
    if contract.form.preset.form != "tensors" or not isinstance(expected, dict):
        return value
    if not isinstance(value, dict):
        return value
    return {name: item for name, item in value.items() if name in expected}


def _is_stable(contract: Contract, exchange: Exchange) -> bool:
    for _ in range(_REPLAYS):
        again = contract.exchange(exchange.case, exchange.base_url, _TIMEOUT)
        first = contract.form.prediction(exchange.parsed.value)
        second = contract.form.prediction(again.parsed.value)
        if Comparer(contract.tolerance).difference(first, second) is not None:
            return False
    return True


def responses(contract: Contract, base_url: str) -> Seen:
    """Each answer to a valid request is there, is a 200, and keeps schema and tensor rules."""
    survey = contract.survey(base_url)
    rules = contract.rules
    found = [item for e in survey.exchanges for item in rules.judge_service(e)]
    failed = any(item.severity is Severity.ERROR for item in found)
    if survey.exchanges and not failed and not any(e.succeeded for e in survey.exchanges):
        first = survey.exchanges[0]
        message = f"none of {len(survey.exchanges)} requests that the contract allows was served"
        found.append(first.finding("status", layer_of(first.answer.status), message))
    if survey.unsent and survey.exchanges and not failed:
        message = f"{survey.unsent} valid requests were left out: answers too slow or too large"
        last = survey.exchanges[-1]
        found.append(
            last.finding("unsent", Layer.RESPONSE, message, severity=Severity.DOUBT, received="")
        )
    return _seen(len(survey.exchanges), found)


def strict_json(contract: Contract, base_url: str) -> Seen:
    """Each 200 answer is strict JSON under its content type.

    Raises GateError where there is none to look at.
    """
    served = [e for e in contract.survey(base_url).exchanges if e.succeeded]
    if not served:
        raise GateError("no valid request was answered with 200: no body to read")
    return _seen(len(served), (item for e in served for item in contract.rules.judge_json(e)))


def invalid_requests(contract: Contract, base_url: str) -> Seen:
    """Each invalid request is refused with a 4xx and a JSON error; nothing leaks or crashes."""
    contract.survey(base_url)  # the answers before the abuse, for the behaviour checks
    found: list[Finding] = []
    count = hangs = 0
    with Client(base_url, _TIMEOUT) as client:
        for case in contract.corpus.invalid:
            if hangs >= _HANGS:
                break
            exchange = Exchange(case, client.send(case.prepared), base_url)
            found += judge_invalid(contract, exchange)
            hangs += exchange.answer.error is not None
            count += 1
    return _seen(count, found)


def judge_invalid(contract: Contract, exchange: Exchange) -> Iterator[Finding]:
    """What is wrong with the answer to a request that the contract does not allow."""
    status, case = exchange.answer.status, exchange.case
    if exchange.answer.error is not None:
        yield from judge_transport(exchange)
        return
    yield from judge_leaks(exchange)
    if status >= 500:
        message = f"status {status} for {case.name}: a crash where a refusal is due"
        yield exchange.finding("crash", Layer.PARSING, message, expected="4xx")
    elif case.claim is not Claim.INVALID:
        return
    elif status < 400:
        message = f"status {status} for {case.name}: accepted, though the contract forbids it"
        yield exchange.finding("accepted", Layer.PARSING, message, expected="4xx")
    else:
        yield from _judge_error_body(contract, exchange)


def _judge_error_body(contract: Contract, exchange: Exchange) -> Iterator[Finding]:
    status, name = exchange.answer.status, exchange.case.name
    if not exchange.parsed.readable or content_type_problem(exchange.answer):
        message = f"status {status} for {name} without a JSON body"
        yield exchange.finding(
            "error-body", Layer.RESPONSE, message, expected="an error as application/json"
        )
        return
    members = contract.preset.error_members
    value = exchange.parsed.value
    if members and not (isinstance(value, dict) and any(member in value for member in members)):
        message = f"status {status} for {name}: an error without the protocol's {members[0]!r}"
        yield exchange.finding(
            "error-shape",
            Layer.RESPONSE,
            message,
            severity=Severity.WARNING,
            expected=" or ".join(members),
        )


def not_found(contract: Contract, base_url: str) -> Seen:
    """A path that does not exist is answered with 404."""
    body = contract.corpus.valid[0].prepared
    asked = (
        Prepared("GET", _NO_SUCH_PATH),
        Prepared("POST", _NO_SUCH_PATH, body.headers, body.body),
    )
    return _routing(contract, base_url, asked, "an unknown path", {404})


def wrong_method(contract: Contract, base_url: str) -> Seen:
    """The path of the predictions answers other methods with 405."""
    asked = [Prepared(method, contract.predict_path) for method in _METHODS]
    # 501 is what RFC 9110 section 15.6.2 has for a method that a server does not know at all.
    return _routing(contract, base_url, asked, "another method", {404, 405, 501})


def _routing(
    contract: Contract, base_url: str, asked: Iterable[Prepared], what: str, right: set[int]
) -> Seen:
    contract.survey(base_url)
    cases = [Case(f"{request.method} {request.path}", request, Claim.INVALID) for request in asked]
    exchanges = [contract.exchange(case, base_url, _TIMEOUT) for case in cases]
    return _seen(len(cases), (item for e in exchanges for item in _judge_routing(e, what, right)))


def _judge_routing(exchange: Exchange, what: str, right: set[int]) -> Iterator[Finding]:
    if exchange.answer.error is not None:
        yield from judge_transport(exchange)
        return
    yield from judge_leaks(exchange)
    status = exchange.answer.status
    if status in right:
        return
    refused = 400 <= status < 500
    yield exchange.finding(
        "routing",
        Layer.ROUTING,
        f"status {status} for {what} ({exchange.case.name})",
        severity=Severity.WARNING if refused else Severity.ERROR,
        expected=" or ".join(str(number) for number in sorted(right) if number < 500),
    )
