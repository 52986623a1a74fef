"""Relations between answers of one service: it is compared with nothing but itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.contract.cases import Case, Claim, dumps, prepared
from harness.contract.compare import Comparer
from harness.contract.contract import Contract
from harness.contract.findings import Exchange, fold
from harness.contract.text import json_path, shown
from harness.contract.transport import Answer, Client, Layer
from harness.errors import CandidateNotReady, GateError
from harness.model import Finding

_REPEATED = 8  # requests that are sent again
_ROUNDS = 3
_ABUSES = 8
_ROWS = 33
_SIZES = (2, 3, 7, 8, 9, 16, 17, 31, 32, 33)
_ROW_BYTES = 4 * 1024 * 1024
_CLIENTS = 8
_PARALLEL = 240  # requests of all clients together
_DISTINCT = 24  # different ones among them
_PARALLEL_SECONDS = 8.0
_HELD = 64 * 1024 * 1024
_HANGS = 2
_BUSY = (429, 503)  # a server may say that it has enough to do


@dataclass(slots=True)
class Relation:
    """How many answers were compared with the one they should equal, and what differed."""

    comparer: Comparer
    compared: int = 0
    refused: int = 0  # answers 429 and 503 under parallel requests
    findings: list[Finding] = field(default_factory=list)

    @property
    def largest(self) -> float:
        """Largest numeric difference met, relative above 1 and absolute below."""
        return self.comparer.largest

    def folded(self) -> list[Finding]:
        """Each defect once, wherever in the answers it shows."""
        return fold(self.findings, by_location=False)


class _Asker:
    """Asks one request after the other, until the service no longer answers."""

    def __init__(self, client: Client, base_url: str) -> None:
        self._client = client
        self._base_url = base_url
        self._hangs = 0
        self._swallowed = 0  # abuses that had no answer

    @property
    def tired(self) -> bool:
        """Whether too many requests had no answer: the time is better spent elsewhere."""
        return self._hangs >= _HANGS

    def ask(self, case: Case) -> Exchange:
        """Send one request. Raises CandidateNotReady where nobody listens any more."""
        answer = self._client.send(case.prepared)
        if answer.layer is Layer.CONNECTION:
            again = self._client.send(case.prepared)
            if again.layer is Layer.CONNECTION:
                raise CandidateNotReady(f"the candidate answers no more: {again.error}")
        self._hangs += answer.error is not None
        return Exchange(case, answer, self._base_url)

    def abuse(self, case: Case) -> None:
        """Send a request whose answer is the contract checks' matter, be there one or not."""
        if self._swallowed < _HANGS:
            self._swallowed += self._client.send(case.prepared).error is not None


def _known(contract: Contract, base_url: str, most: int) -> list[Exchange]:
    """Answers from before any harm was done, evenly chosen. Raises GateError for none."""
    known = [e for e in contract.survey(base_url).exchanges if e.comparable]
    if not known:
        raise GateError("no valid request was answered with 200: there is nothing to compare")
    step = max(1, len(known) / most)
    return [known[int(i * step)] for i in range(min(most, len(known)))]


def repeatable(contract: Contract, base_url: str) -> Relation:
    """The same request gives the same answer, also after requests that were refused.

    Raises GateError where nothing can be compared, CandidateNotReady where the service is gone.
    """
    known = _known(contract, base_url, _REPEATED)
    relation = Relation(Comparer(contract.tolerance))
    with Client(base_url) as client:
        asker = _Asker(client, base_url)
        for first in known * _ROUNDS:
            _again(contract, relation, first, asker, "not-repeatable", "asked again")
        if relation.findings:
            return relation  # what history did cannot be told from what chance did
        for number, abuse in enumerate(_abuses(contract)):
            asker.abuse(abuse)
            first = known[number % len(known)]
            _again(contract, relation, first, asker, "history", f"asked again after {abuse.name}")
        for first in known:
            _again(contract, relation, first, asker, "history", "asked again after other requests")
    return relation


def _abuses(contract: Contract) -> Sequence[Case]:
    invalid = contract.corpus.invalid
    step = max(1, len(invalid) // _ABUSES)
    return invalid[::step][:_ABUSES]


def _again(
    contract: Contract, relation: Relation, first: Exchange, asker: _Asker, rule: str, when: str
) -> None:
    if asker.tired:
        return
    again = asker.ask(first.case)
    relation.compared += 1
    relation.findings += _differing(contract, relation.comparer, first, again, rule, when)


def _differing(
    contract: Contract, comparer: Comparer, first: Exchange, again: Exchange, rule: str, when: str
) -> Iterator[Finding]:
    name = first.case.name
    if not again.comparable:
        layer = again.answer.layer if not again.succeeded else Layer.RESPONSE
        message = f"{name} had an answer, and has none when {when}"
        yield again.finding(rule, layer, message, expected=first.came_back())
        return
    expected = contract.form.prediction(first.parsed.value)
    received = contract.form.prediction(again.parsed.value)
    difference = comparer.difference(expected, received)
    if difference is not None:
        yield again.finding(
            rule,
            Layer.INFERENCE,
            f"{name} has another answer when {when}",
            location=difference.path,
            expected=f"{shown(difference.expected)}, as before",
            received=shown(difference.received),
        )


def batch(contract: Contract, base_url: str) -> Relation:
    """Rows together give what each gives alone, in their order.

    Raises GateError where nothing can be compared.
    """
    relation = Relation(Comparer(contract.tolerance))
    contract.survey(base_url)
    rows = _rows(contract)
    with Client(base_url) as client:
        asker = _Asker(client, base_url)
        alone = [_results(contract, asker, [row])[1] for row in rows]
        usable = [i for i, result in enumerate(alone) if result is not None]
        orders = [usable[:size] for size in _SIZES if size <= len(usable)]
        orders.append(usable[::-1])
        for order in orders if len(usable) > 1 else ():
            exchange, results = _results(contract, asker, [rows[i] for i in order])
            for place, index in enumerate(order if results is not None else ()):
                _same_row(relation, exchange, place, len(order), (alone[index], results))
    if not relation.compared:
        raise GateError("no batch was answered with one result for each row: nothing to compare")
    return relation


def _same_row(
    relation: Relation, exchange: Exchange, place: int, size: int, pair: tuple[Any, Any]
) -> None:
    alone, together = pair[0][0], pair[1][place]
    relation.compared += 1
    difference = relation.comparer.difference(alone, together)
    if difference is not None:
        relation.findings.append(
            exchange.finding(
                "batch",
                Layer.INFERENCE,
                f"row {place + 1} of {size} has another result than the same row alone",
                location=f"{json_path([place])}{difference.path[1:]}",
                expected=f"{shown(difference.expected)}, as alone",
                received=shown(difference.received),
            )
        )


def _rows(contract: Contract) -> list[Any]:
    """Different rows of the valid requests, at least two where there is one to be doubled."""
    rows: list[Any] = []
    seen: set[bytes] = set()
    spent = 0
    for case in contract.corpus.valid:
        for row in contract.form.split(case.value) or ():
            body = dumps(row)
            if body not in seen and len(rows) < _ROWS and (spent < _ROW_BYTES or len(rows) < 3):
                seen.add(body)
                rows.append(row)
                spent += len(body)
    return rows if len(rows) > 1 else rows * 3


def _results(
    contract: Contract, asker: _Asker, rows: list[Any]
) -> tuple[Exchange, list[Any] | None]:
    request = contract.form.join(rows)
    sent = prepared(contract.predict_path, dumps(request))
    case = Case(f"a batch of {len(rows)}", sent, Claim.ALLOWED, request)
    exchange = asker.ask(case) if not asker.tired else Exchange(case, Answer(0, error=""), "")
    results = contract.form.results(exchange.parsed.value) if exchange.comparable else None
    # Another number of results than rows is the contract checks' finding.
    return exchange, results if results is not None and len(results) == len(rows) else None


def concurrent(contract: Contract, base_url: str) -> Relation:
    """Answers under 8 parallel clients are those of one client, matched by request.

    Raises GateError where nothing can be compared.
    """
    relation = Relation(Comparer(contract.tolerance))
    known = _steady(contract, _known(contract, base_url, _DISTINCT), base_url)
    if not known:
        raise GateError("no request has the same answer twice, one at a time: nothing to compare")
    for first, again in _in_parallel(known, base_url):
        if again.answer.error is None and again.answer.status in _BUSY:
            relation.refused += 1
            continue
        relation.compared += 1
        when = f"{_CLIENTS} clients ask at once"
        relation.findings += _differing(
            contract, relation.comparer, first, again, "concurrent", when
        )
    if not relation.compared:
        raise GateError(f"all requests of {_CLIENTS} parallel clients were refused as too many")
    return relation


def _steady(contract: Contract, known: list[Exchange], base_url: str) -> list[Exchange]:
    """Those that still have the same answer, one at a time: the others are no measure."""
    steady = []
    comparer = Comparer(contract.tolerance)
    with Client(base_url) as client:
        asker = _Asker(client, base_url)
        for first in known:
            if asker.tired:
                break
            if not any(_differing(contract, comparer, first, asker.ask(first.case), "", "")):
                steady.append(first)
    return steady


def _in_parallel(known: list[Exchange], base_url: str) -> list[tuple[Exchange, Exchange]]:
    """Every client sends every request, each beginning with another one."""
    gathered: list[tuple[Exchange, Exchange]] = []
    start = threading.Barrier(_CLIENTS)
    ends = time.monotonic() + _PARALLEL_SECONDS
    held = [0]

    def ask(number: int) -> None:
        turn = number * len(known) // _CLIENTS
        with Client(base_url) as client:
            start.wait()
            for count in range(_PARALLEL // _CLIENTS):
                if time.monotonic() > ends or held[0] > _HELD:
                    return
                first = known[(turn + count) % len(known)]
                answer = client.send(first.case.prepared)
                held[0] += len(answer.body)
                gathered.append((first, Exchange(first.case, answer, base_url)))

    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return gathered
