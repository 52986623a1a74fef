"""Rows together give what each gives alone, in every size of batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.contract.contract import Contract
from harness.contract.judging.compare import Comparer
from harness.contract.judging.findings import Exchange
from harness.contract.relations.asking import Asker
from harness.contract.relations.relation import Relation, place_in
from harness.contract.relations.rows import Bench, Row, bench, cycled, nothing
from harness.contract.requests.cases import dumps
from harness.contract.text import shown


def batch(contract: Contract, base_url: str) -> Relation:
    """Rows in batches of every size, up to the largest that is declared, each held to itself alone.

    Raises GateError where nothing can be compared, CandidateNotReady where the service is gone.
    """
    made = bench(contract, base_url)
    relation = Relation.of("batch", made.calibration)
    relation.left_out = made.left_out
    with Asker(base_url) as asker:
        largest: list[Row] = []
        for size in made.source.batches() if made.rows else ():
            rows = cycled(made.rows, size)
            if _one_size(made, asker, relation, f"a batch of {size}", rows):
                largest = rows
        for name, rows in _twins(made, largest):
            _one_size(made, asker, relation, name, rows)
        relation.left_out += asker.left_out
    return relation if relation.compared else nothing(made, relation)


def _twins(made: Bench, rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    """The largest batch that was served, with another row at its end, and in its middle.

    What is kept by the first bytes of a request, or by its ends, takes it for the same.
    """
    for where, place in (("last", len(rows) - 1), ("middle", len(rows) // 2)):
        other = _unlike(made, rows[place]) if rows else None
        if other is not None:
            changed = [*rows[:place], other, *rows[place + 1 :]]
            yield f"a batch of {len(rows)}, its {where} row another", changed


def _unlike(made: Bench, row: Row) -> Row | None:
    """A row with another result, as near in length as there is."""
    length = len(dumps(row.value))
    others = [one for one in made.rows if Comparer(0.0).difference(row.result, one.result)]
    return min(others, key=lambda one: abs(len(dumps(one.value)) - length), default=None)


def _one_size(made: Bench, asker: Asker, relation: Relation, name: str, rows: list[Row]) -> bool:
    """Whether these rows had a result each, whatever it was."""
    values = [row.value for row in rows]
    if not made.fits(values):
        relation.notes.append(f"{name} is too large to be sent")
        return False
    before = relation.refused
    asked = made.together(asker, name, values, relation)
    if relation.refused > before:
        relation.notes.append(f"{name} was refused")
    if asked is not None:
        _compared(made, asker, relation, rows, asked)
    return asked is not None


def _compared(
    made: Bench,
    asker: Asker,
    relation: Relation,
    rows: list[Row],
    asked: tuple[Exchange, list[Any]],
) -> None:
    exchange, results = asked
    broken = 0
    for place, (row, result) in enumerate(zip(rows, results, strict=True)):
        found = relation.differ(row.result, result)
        if found is None:
            continue
        if broken == 0 and not made.settled(asker, row):
            return
        broken += 1
        whose = _whose(made, row, result)
        what = f"row {place + 1} of {len(rows)} has another result than the same row alone{whose}"
        relation.report(exchange, what, place_in(place, found), "as alone")
    if broken:
        relation.where.append(f"{broken} of {len(rows)} rows")


def _whose(made: Bench, row: Row, result: object) -> str:
    other = made.whose(result)
    if other is None or other is row:
        return ""
    return f": it has the result of {shown(other.value, 60)}"
