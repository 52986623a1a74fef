"""Instruments that send what the contract does not allow, and look after each how the service is.

They run after all others: whatever harm they do must not be blamed on a valid request.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from harness.contract.contract import Contract
from harness.contract.instruments.canary import Canary
from harness.contract.instruments.notes import Notes, Seen
from harness.contract.instruments.patience import SPELL, Patience
from harness.contract.judging.envelope import judge_end, judge_transport, may_be_lost
from harness.contract.judging.findings import Exchange
from harness.contract.judging.hygiene import judge_leaks
from harness.contract.judging.refusals import judge_error_json, judge_invalid
from harness.contract.requests.cases import Case, Claim
from harness.contract.wire.transport import Client, Layer, Prepared
from harness.errors import GateError
from harness.model import Finding, Severity

_ROUTING = 20.0  # seconds for the few requests to other paths and by other methods
_NO_SUCH_PATH = "/releasegate/no-such-path"
_NO_SUCH_MODEL = "releasegate-no-such-model"
_METHODS = ("GET", "HEAD", "PUT", "DELETE")
_ROUTES = frozenset({404, 405, 501})

Judge = Callable[[Exchange], Iterable[Finding]]


def invalid_requests(contract: Contract, base_url: str) -> Seen:
    """Each invalid request is refused with a 4xx and a JSON error; nothing leaks or crashes.

    After each a valid request still has its answer. Raises GateError where there is none to send.
    """
    if not contract.corpus.invalid:
        raise GateError(f"{contract.config.corpus}: it holds no request that is to be refused")
    return _abused(
        contract, base_url, contract.corpus.invalid, SPELL, lambda e: judge_invalid(contract, e)
    )


def not_found(contract: Contract, base_url: str) -> Seen:
    """A path that does not exist, or names a model that does not, is answered with 404."""
    body = contract.corpus.valid[0].prepared
    other = contract.preset.predict_path(_NO_SUCH_MODEL)
    named = contract.predict_path == contract.preset.predict_path(contract.model) != other
    asked = [
        Prepared("GET", _NO_SUCH_PATH),
        *(
            Prepared("POST", path, body.headers, body.body)
            for path in (_NO_SUCH_PATH, *([other] if named else []))
        ),
    ]
    promise = "RFC 9110 section 15.5.5"
    cases = [_route(request, promise) for request in asked]
    return _abused(
        contract, base_url, cases, _ROUTING, lambda e: _routing(e, "an unknown path", {404})
    )


def wrong_method(contract: Contract, base_url: str) -> Seen:
    """The path of the predictions answers other methods with 405, and HEAD without a body."""
    valid = contract.corpus.valid[0].prepared
    asked = [
        Prepared(method, contract.predict_path, valid.headers, valid.body)
        if method == "PUT"
        else Prepared(method, contract.predict_path)
        for method in _METHODS
        if method == "HEAD" or method not in contract.preset.methods
    ]
    promise = "RFC 9110 section 15.5.6"
    cases = [_route(request, promise) for request in asked]
    # 501 is what RFC 9110 section 15.6.2 has for a method that a server does not know at all.
    return _abused(
        contract, base_url, cases, _ROUTING, lambda e: _routing(e, "another method", _ROUTES)
    )


def _route(request: Prepared, promise: str) -> Case:
    return Case(f"{request.method} {request.path}", request, Claim.INVALID, promise=promise)


def _abused(
    contract: Contract, base_url: str, cases: Sequence[Case], seconds: float, judge: Judge
) -> Seen:
    contract.survey(base_url)  # the answers before the abuse, for the canary and the behaviour
    notes, patience = Notes(contract, base_url), Patience(seconds)
    with Client(base_url) as client:
        canary = Canary.of(contract, client, base_url)
        every = _every(canary, len(cases), seconds)
        usual = _usual(contract, canary)
        since: list[Case] = []  # abuses after which nobody has looked yet
        for number, case in enumerate(cases):
            if patience.over or (canary is not None and canary.gone):
                notes.left_out(len(cases) - number, patience.over or "the service is gone")
                break
            looks = canary is not None and (len(since) + 1 >= every or case is cases[-1])
            exchange = _sent(client, case, base_url, keep=looks and not _misread(canary))
            patience.count(exchange.answer)
            served = exchange.succeeded
            notes.add(exchange, (x for x in judge(exchange) if not (served and x.rule in usual)))
            since.append(case)
            if canary is not None and looks:
                notes.remark(canary.look(since))
                since = []
    return notes.told()


def _sent(client: Client, case: Case, base_url: str, *, keep: bool) -> Exchange:
    """One exchange; a large body that was answered by a reset is offered once more.

    With `Expect: 100-continue` (RFC 9110 section 10.1.1) a refusal comes before the body, and is
    not lost: what is reset all the same was asked for.
    """
    exchange = Exchange(case, client.send(case.prepared, keep=keep), base_url)
    if not may_be_lost(exchange):
        return exchange
    headers = {**case.prepared.headers, "Expect": "100-continue"}
    offered = replace(case, prepared=replace(case.prepared, headers=headers))
    return Exchange(offered, client.send(offered.prepared, keep=keep), base_url)


def _usual(contract: Contract, canary: Canary | None) -> AbstractSet[str]:
    """Rules that answers to valid requests break as well, as other checks tell."""
    return {item.rule for item in contract.rules.judge(canary.known)} if canary else frozenset()


def _misread(canary: Canary | None) -> bool:
    return canary is not None and canary.misread


def _every(canary: Canary | None, abuses: int, seconds: float) -> int:
    """After how many abuses the canary is sent: each, where that takes half the time at most."""
    if canary is None:
        return 1
    return max(1, math.ceil(abuses * canary.seconds / (seconds / 2)))


def _routing(exchange: Exchange, what: str, right: AbstractSet[int]) -> Iterator[Finding]:
    if exchange.answer.error is not None:
        yield from judge_transport(exchange)
        return
    yield from judge_end(exchange)
    yield from judge_leaks(exchange)
    yield from judge_error_json(exchange)
    status = exchange.answer.status
    head = exchange.case.prepared.method == "HEAD"  # which a path may serve: it is cheap
    if status in right or (head and status < 500):
        return
    refused = 400 <= status < 500
    yield exchange.finding(
        "routing",
        Layer.ROUTING,
        f"status {status} for {what} ({exchange.case.name})",
        severity=Severity.WARNING if refused else Severity.ERROR,
        expected=" or ".join(str(number) for number in sorted(right) if number < 500),
    )
