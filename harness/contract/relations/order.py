"""The order of rows orders the results, and changes none of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from harness.contract.contract import Contract
from harness.contract.relations.asking import Asker
from harness.contract.relations.relation import Relation, place_in
from harness.contract.relations.rows import Bench, bench, cycled, nothing

_SIZES = (9, 4, 2)  # rows; the first that is answered is enough
_SEED = 1


def order(contract: Contract, base_url: str) -> Relation:
    """One batch in several orders, and rows that stand in it more than once.

    It is compared with itself in its first order, so that a batch whose rows depend on each other
    whatever their order is the matter of `batch` alone. Raises GateError where nothing can be
    compared, CandidateNotReady where the service is gone.
    """
    made = bench(contract, base_url)
    relation = Relation.of("order", made.calibration)
    most = contract.config.max_batch or _SIZES[0]
    sizes = [size for size in _SIZES if size <= most]
    with Asker(base_url) as asker:
        for size in sizes if made.rows else ():
            if not relation.compared and made.fits([row.value for row in cycled(made.rows, size)]):
                _permuted(made, asker, relation, size)
                _doubled(made, asker, relation, size)
        relation.left_out = asker.left_out
    if not sizes:
        relation.notes.append("one row is the most that a request may carry")
        return relation
    return relation if relation.compared else nothing(made, relation)


def _permuted(made: Bench, asker: Asker, relation: Relation, size: int) -> None:
    rows = [row.value for row in cycled(made.rows, size)]
    first = made.together(asker, f"{size} rows", rows, relation)
    if first is None:
        return
    for name, indices in _orders(size):
        values = [rows[index] for index in indices]
        asked = made.together(asker, f"{size} rows, {name}", values, relation)
        if asked is None:
            continue
        places = enumerate(indices)
        apart = ((p, i, relation.differ(first[1][i], asked[1][p])) for p, i in places)
        place, index, found = next((one for one in apart if one[2] is not None), (0, 0, None))
        if found is None:
            continue
        if not _settled(made, asker, rows, first[1], relation):
            return  # not even the same order gives the same: that is no matter of order
        what = f"row {index + 1} of {size} has another result when the rows are {name}"
        relation.report(asked[0], what, place_in(place, found), "as in the first order")
        relation.where.append(f"rows {name}")


def _orders(size: int) -> Iterator[tuple[str, list[int]]]:
    places = list(range(size))
    yield "reversed", places[::-1]
    yield "moved on by one", [*places[1:], places[0]]
    random.Random(_SEED).shuffle(places)
    yield "shuffled", places


def _settled(
    made: Bench, asker: Asker, rows: list[object], results: list[object], relation: Relation
) -> bool:
    again = made.together(asker, f"{len(rows)} rows, again", rows, relation)
    return again is not None and made.calibration.comparer().difference(results, again[1]) is None


def _doubled(made: Bench, asker: Asker, relation: Relation, size: int) -> None:
    """Rows that are equal, in one batch, have equal results."""
    indices = [(0, 1, 0, 2, 1)[place % 5] % len(made.rows) for place in range(size)]
    values = [made.rows[index].value for index in indices]
    asked = made.together(asker, f"{size} rows, some of them equal", values, relation)
    if asked is None:
        return
    exchange, results = asked
    for place, index in enumerate(indices):
        earlier = indices.index(index)
        found = relation.differ(results[earlier], results[place]) if earlier < place else None
        if found is not None:
            what = f"rows {earlier + 1} and {place + 1} of {size} are equal, and their results not"
            relation.report(exchange, what, place_in(place, found), "as its double")
            relation.where.append("equal rows")
            return
