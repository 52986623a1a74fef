"""Rows of one contract, and what each gives when it is asked alone: the measure of every batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from harness.contract.contract import Contract
from harness.contract.judging.compare import Comparer
from harness.contract.judging.findings import Exchange
from harness.contract.relations.asking import BUDGET, Asker, case_of
from harness.contract.relations.calibration import Calibration, affordable, calibrated, known
from harness.contract.relations.relation import Relation
from harness.contract.requests.cases import dumps
from harness.contract.requests.source import Source
from harness.errors import GateError

MOST = 33
_BYTES = 4 * 1024 * 1024  # of the rows of one request
_SURE = 3  # rows that are asked however large they are


@dataclass(frozen=True, slots=True)
class Row:
    """A row, and its result when it was asked alone."""

    value: Any
    result: Any
    exchange: Exchange


@dataclass(slots=True)
class Bench:
    """The rows of one service that can be compared, and how they are asked together."""

    contract: Contract
    base_url: str
    calibration: Calibration
    source: Source
    rows: list[Row] = field(default_factory=list)
    legible: bool = True  # the contract says which part of an answer belongs to which row
    left_out: int = 0

    def together(
        self, asker: Asker, name: str, values: Sequence[Any], relation: Relation
    ) -> tuple[Exchange, list[Any]] | None:
        """Ask rows in one request: its results, one for each; None where there are none.

        A refusal is counted; another number of results than rows is the contract checks' finding.
        """
        exchange = asker.ask(case_of(self.contract, name, self.contract.form.join(values)))
        if exchange is None:
            return None
        if exchange.answer.error is None and 400 <= exchange.answer.status < 500:
            relation.refused += 1
        results = self.results(exchange)
        return (exchange, results) if results is not None and len(results) == len(values) else None

    def results(self, exchange: Exchange) -> list[Any] | None:
        """One result for each row, without what may differ each time."""
        if not exchange.comparable:
            return None
        return self.contract.form.results(self.calibration.steady(exchange.parsed.value))

    def settled(self, asker: Asker, row: Row) -> bool:
        """Whether a row still gives alone what it gave: else a batch is not to blame."""
        again = asker.ask(row.exchange.case)
        results = None if again is None else self.results(again)
        if not results or len(results) != 1:
            return False
        return self.calibration.comparer().difference(row.result, results[0]) is None

    def fits(self, values: Sequence[Any]) -> bool:
        """Whether the contract allows these rows in one request, and it is not too large."""
        if len(values) > (self.contract.config.max_batch or len(values)):
            return False
        if len(values) > _SURE and sum(len(dumps(value)) for value in values) > _BYTES:
            return False
        return not self.source.refutes(self.contract.form.join(values))

    def whose(self, result: Any) -> Row | None:
        """The only row that gives this result alone, if there is one."""
        comparer = Comparer(0.0)
        found = [row for row in self.rows if comparer.difference(row.result, result) is None]
        return found[0] if len(found) == 1 else None


_BENCHES: WeakKeyDictionary[Contract, dict[str, Bench]] = WeakKeyDictionary()


def bench(contract: Contract, base_url: str) -> Bench:
    """The rows of a service, asked once and then remembered.

    Raises GateError where no request was answered, CandidateNotReady where nobody listens.
    """
    made = _BENCHES.setdefault(contract, {})
    if base_url not in made:
        made[base_url] = _bench(contract, base_url)
    return made[base_url]


def _bench(contract: Contract, base_url: str) -> Bench:
    calibration = calibrated(contract, base_url)
    made = Bench(contract, base_url, calibration, Source.of(contract))
    answered = known(contract, base_url, MOST)
    values = list(_different(contract))[: affordable(answered, 2, MOST)]
    surveyed = {e.case.prepared.body: e for e in answered}
    with Asker(base_url, BUDGET / 2) as asker:
        for number, value in enumerate(values, 1):
            case = case_of(contract, f"row {number} alone", contract.form.join([value]))
            exchange = surveyed.get(case.prepared.body) or asker.ask(case)
            results = None if exchange is None else made.results(exchange)
            if exchange is not None and results is not None and len(results) == 1:
                made.rows.append(Row(value, results[0], exchange))
            elif exchange is not None and exchange.comparable and results is None:
                made.legible = made.legible and contract.form.by_rows
        made.left_out = asker.left_out
    return made


def _different(contract: Contract) -> Iterator[Any]:
    """Different rows of the valid requests, as many as are worth their bytes."""
    seen: set[bytes] = set()
    spent = 0
    for case in contract.corpus.valid:
        for value in contract.form.split(case.value) or ():
            body = dumps(value)
            if body in seen or len(seen) >= MOST or (spent > _BYTES and len(seen) >= _SURE):
                continue
            seen.add(body)
            spent += len(body)
            yield value


def cycled(rows: Sequence[Row], size: int) -> list[Row]:
    """`size` rows, from the beginning again where there are not so many."""
    return [rows[index % len(rows)] for index in range(size)]


def nothing(bench: Bench, relation: Relation) -> Relation:
    """What a relation returns that compared nothing, where that is the service's right.

    Raises GateError where it is not: nothing compared must not pass by silence.
    """
    contract = bench.contract
    if not contract.has_batch:
        relation.notes.append("the contract has no batch: one request carries one row")
    elif not bench.legible:
        relation.notes.append(
            "nothing says which part of an answer belongs to which row: declare "
            "[[contract.outputs]] with a shape that begins with a word, like ['batch']"
        )
    elif relation.refused:
        relation.notes.append(f"all {relation.refused} requests of several rows were refused")
    elif relation.left_out:
        raise GateError("the time was up before anything could be compared")
    else:
        raise GateError("no batch was answered with one result for each row: nothing to compare")
    return relation
