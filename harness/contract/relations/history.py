"""An answer does not depend on what was asked before, served or refused."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from harness.contract.contract import Contract
from harness.contract.judging.findings import Exchange
from harness.contract.relations.asking import Asker
from harness.contract.relations.calibration import Repeated, affordable, calibrated
from harness.contract.relations.neighbours import neighbours
from harness.contract.relations.relation import Relation
from harness.contract.relations.rows import bench
from harness.contract.requests.cases import Case, Claim
from harness.errors import GateError

_ABUSES = 100  # requests that are to be refused
_BURST = 24  # other valid requests, one after the other
_ROWS = (2, 3, 2, 3, 5)  # refusals in a row: breakers and pools count them
_AFTER = 3  # answers that are looked at then


def history(contract: Contract, base_url: str) -> Relation:
    """Each request after others: after refused ones of each kind, after served ones, after many.

    Raises GateError where no request has one answer to compare with, CandidateNotReady where the
    service is gone.
    """
    calibration = calibrated(contract, base_url)
    relation = Relation.of("history", calibration)
    steady = [item for item in calibration.repeated if item.steady]
    if not steady:
        raise GateError("no request has the same answer twice, one at a time: nothing to compare")
    for item in steady:
        _same_as_at_first(contract, relation, item)
    with Asker(base_url) as asker:
        for number, abuse in enumerate(_abuses(contract, [item.first for item in steady])):
            asker.abuse(abuse)
            item = steady[number % len(steady)]
            _again(contract, relation, asker, item, abuse.name)
        for number, abuses in enumerate(_in_a_row(contract)):
            for abuse in abuses:
                asker.abuse(abuse)
            after = f"{len(abuses)} refused requests in a row"
            for count in range(_AFTER):
                _again(contract, relation, asker, steady[(number + count) % len(steady)], after)
        for before, item in _in_another_order(steady):
            _again(contract, relation, asker, item, before.first.case.name)
        others = [e.case for e in contract.survey(base_url).exchanges if e.comparable][:_BURST]
        for case in others:
            asker.ask(case)
        for item in steady:
            _again(contract, relation, asker, item, f"{len(others)} other requests")
        neighbours(bench(contract, base_url), asker, relation)
        relation.left_out += asker.left_out
    return relation


def _abuses(contract: Contract, answered: Sequence[Exchange]) -> Sequence[Case]:
    """Requests that are to be refused: all that there is time for, evenly chosen."""
    cases = contract.corpus.invalid
    number = min(len(cases), affordable(answered, 3, _ABUSES))
    return [cases[int(i * len(cases) / number)] for i in range(number)]


def _in_a_row(contract: Contract) -> Iterator[Sequence[Case]]:
    """Several requests that the model itself has to refuse, of different kinds."""
    path = contract.predict_path
    refused = [
        case
        for case in contract.corpus.invalid
        if case.claim is Claim.INVALID and case.value is not None and case.prepared.path == path
    ]
    step = max(1, len(refused) // sum(_ROWS))
    spread = iter(refused[::step])
    for count in _ROWS:
        abuses = list(itertools.islice(spread, count))
        if len(abuses) > 1:
            yield abuses


def _in_another_order(steady: list[Repeated]) -> list[tuple[Repeated, Repeated]]:
    """Each request behind one that it did not follow before."""
    order = steady[::-1]
    return list(zip([steady[0], *order], order, strict=False)) if len(order) > 1 else []


def _same_as_at_first(contract: Contract, relation: Relation, item: Repeated) -> None:
    name, now = item.first.case.name, item.again[-1]
    found = relation.answers_differ(contract, item.first, now)
    if found is not None:
        message = f"{name} has another answer when asked again after other requests than at first"
        relation.report(now, message, found, "as at first")


def _again(
    contract: Contract, relation: Relation, asker: Asker, item: Repeated, after: str
) -> None:
    now = asker.ask(item.first.case)
    if now is None:
        return
    name, warm = item.first.case.name, item.again[-1]
    if not now.comparable:
        relation.compared += 1
        message = f"{name} had an answer, and has none when asked again after {after}"
        relation.lost(now, message, expected=warm.came_back())
        return
    found = relation.answers_differ(contract, warm, now)
    if found is not None:
        message = f"{name} has another answer when asked again after {after}"
        relation.report(now, message, found, "as before")
