"""The explore tier of relations: new requests asked twice, and as one batch and as two."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.contract.contract import Contract
from harness.contract.instruments.hunt import REPLAYS, TimeIsUp, failure, hunt, seed_of
from harness.contract.judging.compare import Difference
from harness.contract.judging.findings import Exchange
from harness.contract.relations.asking import Asker
from harness.contract.relations.calibration import Calibration, calibrated
from harness.contract.relations.relation import Relation, place_in
from harness.contract.relations.rows import Bench, bench
from harness.contract.requests.cases import Case
from harness.contract.requests.strategies import valid_cases
from harness.contract.text import shown
from harness.contract.wire.transport import Layer
from harness.errors import GateError
from harness.model import Severity
from harness.units import in_base

_REQUESTS = 120  # drawn at most; each is asked two to four times
_AGAIN = "asked again"
_PARTS = "asked as two batches"


@dataclass(frozen=True, slots=True)
class _Broken:
    """A request whose answers do not agree."""

    how: str  # _AGAIN or _PARTS
    exchange: Exchange
    difference: Difference


@dataclass(slots=True)
class _Hunter:
    """Asks drawn requests in two ways, and remembers the smallest that answers differently."""

    contract: Contract
    bench: Bench
    relation: Relation
    asker: Asker
    ends: float  # time.monotonic() seconds
    found: dict[str, _Broken] = field(default_factory=dict)

    def look(self, case: Case) -> Iterator[tuple[str, float]]:
        """Raises Failure for answers that differ, TimeIsUp when it is time to stop."""
        if time.monotonic() > self.ends or self.asker.done:
            raise TimeIsUp
        for broken in self.broken(case):
            before = self.found.get(broken.how)
            size = len(case.prepared.body)
            if before is None or size <= len(before.exchange.case.prepared.body):
                self.found[broken.how] = broken
            raise failure(f"behaviour {broken.how}", broken.how)
        return iter(())

    def broken(self, case: Case) -> Iterator[_Broken]:
        """In which ways the answers to one request do not agree."""
        first = self.asker.ask(case)
        again = self.asker.ask(case)
        if first is None or again is None or not (first.comparable and again.comparable):
            return  # whether it is served at all is the contract checks' matter
        apart = self.relation.answers_differ(self.contract, first, again)
        if apart is not None:
            yield _Broken(_AGAIN, again, apart)
            return
        yield from self._in_parts(first)

    def _in_parts(self, whole: Exchange) -> Iterator[_Broken]:
        rows = self.contract.form.split(whole.case.value)
        results = self.bench.results(whole)
        if rows is None or results is None or not 1 < len(rows) == len(results):
            return
        cut = max(1, len(rows) // 3)
        apart: list[Any] = []
        for part in (rows[:cut], rows[cut:]):
            name = f"{len(part)} rows of {whole.case.name}"
            asked = self.bench.together(self.asker, name, part, self.relation)
            if asked is None:
                return
            apart += asked[1]
        for place, (alone, together) in enumerate(zip(apart, results, strict=True)):
            found = self.relation.differ(alone, together)
            if found is not None:
                yield _Broken(_PARTS, whole, place_in(place, found))
                return


def explored(contract: Contract, base_url: str) -> Relation:
    """New requests have one answer, asked twice or in two batches, as long as there is time.

    That is half of `contract.explore`. What differs must differ each time it is asked again: a
    difference that cannot be repeated is said, and shuts no gate. Raises GateError where no
    request was answered, CandidateNotReady where the service is gone.
    """
    calibration = calibrated(contract, base_url)
    if not any(item.steady for item in calibration.repeated):
        raise GateError("no request has the same answer twice, one at a time: nothing to compare")
    relation = Relation.of("explored", calibration)
    seconds = in_base(contract.config.explore, "time") / 2
    with Asker(base_url, 2 * seconds) as asker:
        ends = time.monotonic() + seconds
        hunter = _Hunter(contract, bench(contract, base_url), relation, asker, ends)
        hunt(hunter.look, valid_cases(contract), seed_of(contract), _REQUESTS)
        for how, broken in hunter.found.items():
            _confirm(hunter, calibration, how, broken)
    return relation


def _confirm(hunter: _Hunter, calibration: Calibration, how: str, broken: _Broken) -> None:
    """Ask again: chance is the finding of `repeatable`, and here a reason to say nothing."""
    case = broken.exchange.case
    asked = times = 0
    while asked < REPLAYS and not hunter.asker.done:
        asked += 1
        times += any(again.how == how for again in hunter.broken(case))
    if times == REPLAYS:
        what = f"{case.name} has other results when {how}"
        hunter.relation.report(broken.exchange, what, broken.difference, f"as when {how}")
        hunter.relation.where.append(how)
    else:
        found = broken.difference
        hunter.relation.findings.append(
            broken.exchange.finding(
                "unstable",
                Layer.INFERENCE,
                f"{case.name} had other results when {how}, and again {times} of {asked} times",
                severity=Severity.WARNING,
                location=found.path,
                expected=f"{shown(found.expected)}, as when {how}",
                received=shown(found.received),
            )
        )
