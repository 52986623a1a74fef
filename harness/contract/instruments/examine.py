"""Instruments that ask only what the contract allows: examples, answers, the JSON of answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.contract.contract import Contract
from harness.contract.instruments.notes import Notes, Seen
from harness.contract.instruments.patience import Patience
from harness.contract.judging.compare import Comparer
from harness.contract.judging.envelope import chunks_refused, is_encoded, judge_transport
from harness.contract.judging.findings import Exchange
from harness.contract.judging.hygiene import judge_leaks
from harness.contract.requests.cases import Case, Claim, Example, dumps, prepared
from harness.contract.text import shown
from harness.contract.wire.transport import TIMEOUT, Layer, layer_of
from harness.errors import GateError
from harness.model import Finding, Severity

_EXAMPLES = 30.0  # seconds for those that the survey has not asked
_REPLAYS = 2
_REPLAYED = 8  # examples with another answer than the recorded one that are asked again


def examples(contract: Contract, base_url: str) -> Seen:
    """Each declared example gives its status and its response."""
    return _Examples(contract, base_url).judged()


class _Examples:
    """Holds the examples against their answers, those of the survey first."""

    def __init__(self, contract: Contract, base_url: str) -> None:
        self._contract = contract
        self._base_url = base_url
        self._patience = Patience(_EXAMPLES)
        self._replayed: list[bool] = []  # whether differing answers were the same again

    def judged(self) -> Seen:
        survey = self._contract.survey(self._base_url)
        surveyed = {id(e.case.example): e for e in survey.exchanges}
        notes, left_out = Notes(self._contract, self._base_url), 0
        for example in self._contract.examples:
            exchange = surveyed.get(id(example))
            if exchange is None and self._patience.over:
                left_out += 1
                continue
            exchange = exchange or self._ask(_case_of(self._contract, example))
            notes.add(exchange, self._judge(example, exchange))
        notes.left_out(left_out, self._patience.over)
        return notes.told()

    def _ask(self, case: Case) -> Exchange:
        exchange = self._contract.exchange(case, self._base_url, TIMEOUT)
        self._patience.count(exchange.answer)
        return exchange

    def _judge(self, example: Example, exchange: Exchange) -> Iterator[Finding]:
        answer, name = exchange.answer, exchange.case.name
        promise = f"{self._contract.config.examples} line {example.line}"
        if answer.error is not None or is_encoded(answer):
            yield from judge_transport(exchange)
            return
        if not exchange.succeeded:
            yield from judge_leaks(exchange)
        if answer.status != example.status:
            message = f"{name}: status {answer.status}, promised {example.status}"
            layer, expected = layer_of(answer.status), str(example.status)
            yield exchange.finding(
                "example-status", layer, message, expected=expected, promise=promise
            )
        elif example.has_response and not exchange.parsed.readable:
            problem = exchange.parsed.problems[0]
            yield exchange.finding(
                problem.rule,
                Layer.RESPONSE,
                f"{name}: {problem.message}",
                severity=problem.severity,
                location=problem.location,
                expected=shown(example.response),
                promise=promise,
            )
        elif example.has_response:
            yield from self._differing(example, exchange, promise)

    def _differing(self, example: Example, exchange: Exchange, promise: str) -> Iterator[Finding]:
        value = _stated(self._contract, example.response, exchange.parsed.value)
        difference = _comparer(self._contract).difference(example.response, value)
        if difference is None:
            return
        stable = self._is_stable(exchange)
        message = f"{exchange.case.name}: the answer is not the recorded one"
        # An answer that changes from time to time is the behaviour checks' finding; here it only
        # means that the example could not be confirmed.
        yield exchange.finding(
            "example-response" if stable else "example-unstable",
            Layer.INFERENCE,
            message if stable else f"{message}, nor the same each time",
            severity=Severity.ERROR if stable else Severity.DOUBT,
            location=difference.path,
            expected=shown(difference.expected),
            received=shown(difference.received),
            promise=promise,
        )

    def _is_stable(self, exchange: Exchange) -> bool:
        """Whether the answer is the same again; of many, what the first ones were."""
        if self._replayed and (len(self._replayed) >= _REPLAYED or self._patience.over):
            return all(self._replayed)
        form, compare = self._contract.form, _comparer(self._contract)
        first = form.prediction(exchange.parsed.value)
        again = [self._ask(exchange.case) for _ in range(_REPLAYS)]
        seconds = [form.prediction(e.parsed.value) for e in again if e.comparable]
        same = all(compare.difference(first, second) is None for second in seconds)
        self._replayed.append(same and len(seconds) == len(again))
        return self._replayed[-1]


def _case_of(contract: Contract, example: Example) -> Case:
    request = prepared(contract.predict_path, dumps(example.request))
    claim = Claim.VALID if example.succeeds else Claim.INVALID
    return Case(f"example on line {example.line}", request, claim, example.request, example)


def _comparer(contract: Contract) -> Comparer:
    return Comparer(contract.tolerance, contract.config.volatile)


def _stated(contract: Contract, expected: Any, value: Any) -> Any:
    """Where servers add ids and versions to an answer, only what the example states of it."""
    if not contract.form.adds_members or not isinstance(expected, dict):
        return value
    if not isinstance(value, dict):
        return value
    return {name: item for name, item in value.items() if name in expected}


def responses(contract: Contract, base_url: str) -> Seen:
    """Each answer to a valid request is there, is a 200, and keeps schema and tensor rules."""
    survey = contract.survey(base_url)
    notes = Notes(contract, base_url)
    whole = {e.case.prepared.body for e in survey.exchanges if _is_served_whole(e)}
    for exchange in survey.exchanges:
        found = contract.rules.judge_service(exchange)
        refused = chunks_refused(exchange) if exchange.case.prepared.body in whole else None
        if refused is not None:
            found = [refused, *(item for item in found if item.rule not in ("refused", "status"))]
        notes.add(exchange, found)
    if survey.exchanges and not notes.failed and not any(e.succeeded for e in survey.exchanges):
        first = survey.exchanges[0]
        message = f"none of {len(survey.exchanges)} requests that the contract allows was served"
        notes.remark([first.finding("status", layer_of(first.answer.status), message)])
    notes.left_out(survey.unsent, survey.why)
    if not notes.failed and _promises_nothing(contract):
        message = (
            "response: nothing says what an answer is: any JSON passes; give contract.response"
        )
        notes.remark([Finding("unpromised", message, severity=Severity.WARNING)])
    return notes.told()


def _promises_nothing(contract: Contract) -> bool:
    shown = any(example.has_response for example in contract.examples)
    by_form = contract.form.outputs or contract.preset.answer
    return contract.response is None and not by_form and not shown


def _is_served_whole(exchange: Exchange) -> bool:
    return exchange.succeeded and not exchange.case.prepared.chunked


def strict_json(contract: Contract, base_url: str) -> Seen:
    """Each 200 answer is strict JSON under its content type.

    Raises GateError where there is none to look at: none, or packed ones.
    """
    survey = contract.survey(base_url)
    notes = Notes(contract, base_url)
    for exchange in survey.exchanges:
        if exchange.succeeded and not is_encoded(exchange.answer):
            notes.add(exchange, contract.rules.judge_json(exchange))
    if not notes.count:
        raise GateError("no valid request was answered with a 200 and a plain body to read")
    notes.left_out(survey.unsent, survey.why)
    return notes.told()
