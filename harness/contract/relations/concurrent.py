"""Answers to parallel clients are those to one client, each to its own request."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harness.contract.contract import Contract
from harness.contract.judging.compare import Difference
from harness.contract.judging.findings import Exchange
from harness.contract.relations.asking import BUDGET, Asker
from harness.contract.relations.calibration import calibrated, known
from harness.contract.relations.relation import Relation
from harness.contract.requests.cases import Case, dumps
from harness.contract.wire.transport import TIMEOUT, Client
from harness.errors import GateError

_CLIENTS = 8
_EACH = 24  # requests of one client
_DISTINCT = 24
_SECONDS = 5.0
_HELD = 64 * 1024 * 1024
_MARK = "parallel"  # how the ids of these requests begin
_SHOWN = 8  # differing requests that are looked at again, one at a time


@dataclass(slots=True)
class _Crowd:
    """Clients that ask at once, and every answer with the request that it came to."""

    base_url: str
    asked: Sequence[Exchange]
    clients: int
    timeout: float  # seconds
    id: str = ""  # member of the protocol by which a client knows its own answer
    gathered: list[tuple[Exchange, Exchange]] = field(default_factory=list)
    held: int = 0

    def run(self) -> None:
        """Every client sends the same requests, each beginning with another one."""
        start = threading.Barrier(self.clients)
        ends = time.monotonic() + _SECONDS
        threads = [
            threading.Thread(target=self._ask, args=(number, start, ends), daemon=True)
            for number in range(self.clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ask(self, number: int, start: threading.Barrier, ends: float) -> None:
        turn = number * len(self.asked) // self.clients
        with Client(self.base_url, self.timeout) as client:
            start.wait()
            for count in range(_EACH):
                if time.monotonic() > ends or self.held > _HELD:
                    return
                first = self.asked[(turn + count) % len(self.asked)]
                case = self._named(first.case, f"{_MARK}-{number}-{count}")
                answer = client.send(case.prepared)
                self.held += len(answer.body)
                self.gathered.append((first, Exchange(case, answer, self.base_url)))

    def _named(self, case: Case, name: str) -> Case:
        """The request with an id of its own, where the protocol has ids."""
        if not self.id or not isinstance(case.value, dict):
            return case
        value = {**case.value, self.id: name}
        return replace(case, value=value, prepared=replace(case.prepared, body=dumps(value)))


def concurrent(contract: Contract, base_url: str) -> Relation:
    """Different requests of several clients in flight at once, each held to its answer alone.

    Raises GateError where nothing can be compared, CandidateNotReady where the service is gone.
    """
    calibration = calibrated(contract, base_url)
    relation = Relation.of("concurrent", calibration)
    if not any(item.steady for item in calibration.repeated):
        raise GateError("no request has the same answer twice, one at a time: nothing to compare")
    asked = known(contract, base_url, _DISTINCT)
    slowest = max(e.answer.seconds for e in asked)
    # One after the other, as behind a single worker, they still have to be answered in time.
    clients = max(2, min(_CLIENTS, int(BUDGET / max(slowest, 1e-6))))
    timeout = max(TIMEOUT, 3 * clients * slowest)
    crowd = _Crowd(base_url, asked, clients, timeout, contract.preset.id)
    crowd.run()
    _strange_ids(relation, crowd)
    relation.left_out = clients * _EACH - len(crowd.gathered)
    differing = list(_differing(contract, relation, crowd.gathered))
    with Asker(base_url) as asker:
        for first, again, found in differing[:_SHOWN]:
            if _settled(contract, relation, asker, first, again):
                _report(contract, relation, asked, (first, again, found), clients)
    if not relation.compared:
        raise GateError(f"all requests of {clients} parallel clients were refused as too many")
    return relation


def _strange_ids(relation: Relation, crowd: _Crowd) -> None:
    """Answers with the id of another request; one with none is the contract checks' finding."""
    for _, again in crowd.gathered if crowd.id else ():
        value = again.parsed.value if again.comparable else None
        sent = again.case.value.get(crowd.id) if isinstance(again.case.value, dict) else None
        told = value.get(crowd.id) if isinstance(value, dict) else None
        if isinstance(told, str) and told.startswith(_MARK) and told != sent:
            message = (
                f"the answer has the id of another request, of {crowd.clients} clients at once"
            )
            found = Difference(f"$.{crowd.id}", sent, told)
            relation.report(again, message, found, "the id of its request")


_Apart = tuple[Exchange, Exchange, Difference | None]


def _differing(
    contract: Contract, relation: Relation, gathered: list[tuple[Exchange, Exchange]]
) -> list[_Apart]:
    """Those that are not as alone; None: there was no answer that could be compared."""
    apart: dict[int, _Apart] = {}
    for first, again in gathered:
        if again.answer.error is None and again.answer.status in contract.preset.busy:
            relation.refused += 1
            continue
        found = None
        if again.comparable:
            found = relation.answers_differ(contract, first, again)
        else:
            relation.compared += 1
        if found is not None or not again.comparable:
            apart.setdefault(id(first), (first, again, found))
    return list(apart.values())


def _settled(
    contract: Contract, relation: Relation, asker: Asker, first: Exchange, again: Exchange
) -> bool:
    """Whether a request alone still has its answer: else the others in flight are not to blame."""
    alone = asker.ask(again.case)
    if alone is None or not alone.comparable:
        return False
    fresh = Relation.of(relation.rule, relation.calibration)
    return fresh.answers_differ(contract, first, alone) is None


def _report(
    contract: Contract, relation: Relation, asked: list[Exchange], apart: _Apart, clients: int
) -> None:
    first, again, found = apart
    name, when = first.case.name, f"when {clients} clients ask at once"
    if found is None:
        message = f"{name} had an answer, and has none {when}"
        relation.lost(again, message, expected=first.came_back())
        return
    fresh = Relation.of(relation.rule, relation.calibration)
    others = {
        dumps(e.case.value): e.case.name
        for e in asked
        if fresh.answers_differ(contract, e, again) is None
    }
    whose = f": it is the answer to {next(iter(others.values()))}" if len(others) == 1 else ""
    relation.report(again, f"{name} has another answer {when}{whose}", found, "as alone")
