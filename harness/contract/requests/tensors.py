"""Valid requests from declared inputs: rows at the edges and corners, of every kind, in batches."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.contract.judging.tensors import reshape, sizes
from harness.contract.requests import plans
from harness.contract.requests.cases import Case, Claim
from harness.contract.requests.corners import corners
from harness.contract.requests.texts import RIGHT_TO_LEFT, RUNS, TEXTS
from harness.contract.text import shown

if TYPE_CHECKING:
    from harness.config.schema import Tensor
    from harness.contract.requests.source import Source

SINGLES = 8  # generated requests of one row, one for each kind of row
VALID_BYTES = 4 * 1024 * 1024  # of all generated valid bodies together
_SURE = 4  # rows that are sent however large they are
_TOGETHER = 8  # odd rows in one request: of those that are refused the others are no part
_LONG = 1200  # characters of a text that is sent in company
_ALONE = 4  # outputs that are asked for one by one


def cases(source: Source) -> Iterator[Case]:
    """Requests that the contract allows; nothing where no inputs are known."""
    if not source.form.inputs:
        return
    spent = 0
    for number, case in enumerate(_requests(source)):
        spent += len(case.prepared.body)
        yield case
        if number + 1 >= _SURE and spent > VALID_BYTES:
            return


def sample(source: Source, rows: int) -> dict[str, Any]:
    """Valid nested lists by input with so many rows; {} where there are none.

    Several rows only where the user's own declaration says that all inputs have as many: of what a
    server says of itself, two open dimensions may well be two different numbers.
    """
    inputs, bound = source.form.inputs, source.bound(rows)
    many = source.promised and source.form.has_batch and rows <= (source.max_batch or rows)
    if not inputs or source.bytes(rows) > VALID_BYTES or (rows > 1 and not many):
        return {}
    filling = tuple(plans.Filling(plans.KINDS.index("uniform"), 1) for _ in inputs)
    tensors = plans.filled(plans.Plan(bound, filling), inputs)
    return {} if source.refutes(source.form.request(tensors)) else tensors


def batch(source: Source, size: int, claim: Claim, name: str) -> Iterator[Case]:
    """A request of so many rows; nothing where the contract forbids it."""
    inputs = source.form.inputs
    fillings = (plans.Filling(size + i, size) for i in range(len(inputs)))
    case = source.planned(plans.Plan(source.bound(size), tuple(fillings)), claim, name)
    if case is not None:
        yield case


def _requests(source: Source) -> Iterator[Case]:
    """The telling ones first: of large rows only some are sent."""
    singles = [case for case in _singles(source) if case is not None]
    batches = _batches(source)
    yield from singles[:_SURE]
    yield from itertools.islice(batches, 1)
    yield from singles[_SURE:]
    yield from _edges(source)
    yield from batches
    yield from _gathered(source, "texts", _texts(source))
    yield from _gathered(source, "corners", corners(source.form.inputs, source.bound(1)))
    for case in singles[:1]:
        yield from _chosen(source, case)


def _singles(source: Source) -> Iterator[Case | None]:
    for number, plan in enumerate(plans.spread(source.form.inputs, SINGLES), 1):
        if number > _SURE and source.bytes(number) > VALID_BYTES:
            return
        kind = plans.KINDS[plan.fillings[0].kind % len(plans.KINDS)]
        claim = Claim.VALID if source.promised else Claim.ALLOWED
        yield source.planned(plan, claim, f"generated row {number}, {kind}")


def _batches(source: Source) -> Iterator[Case]:
    for size in source.batches():
        if source.bytes(size) <= VALID_BYTES:
            yield from batch(source, size, Claim.ALLOWED, f"batch of {size}")


def _edges(source: Source) -> Iterator[Case]:
    """Each edge throughout a row: ends of the range, zeros, texts that readers stumble over."""
    inputs, bound = source.form.inputs, source.bound(1)
    known = [plans.edges(item) for item in inputs]
    claim = Claim.VALID if all(item.range is not None for item in inputs) else Claim.ALLOWED
    for number in range(max(map(len, known))):
        edge = [cells[number % len(cells)] for cells in known]
        tensors = {item.name: _of(item, bound, cell) for item, cell in zip(inputs, edge)}
        told = " and ".join(shown(cell, 20) for cell in edge)
        case = source.asked(tensors, bound, claim, f"a row of {told}")
        if case is not None:
            yield case


def _of(item: Tensor, bound: Mapping[str, int], cell: Any) -> Any:
    """A tensor with one and the same cell throughout."""
    shape = sizes(item.shape, bound)
    return reshape([cell] * math.prod(shape), shape)


def _texts(source: Source) -> list[dict[str, Any]]:
    """Rows with a text each; beside other texts those are sent, too, that were sent alone."""
    inputs, bound = source.form.inputs, source.bound(1)
    if not any(_is_text(item) for item in inputs):
        return []
    shorter = [text for text in TEXTS if len(text) <= _LONG]
    chosen = (*RIGHT_TO_LEFT, *RUNS, *(shorter if source.form.has_batch else ()))
    rows = []
    for number, text in enumerate(chosen):
        row = {}
        for item in inputs:
            cells = plans.edges(item)
            cell = text if _is_text(item) else cells[number % len(cells)]
            row[item.name] = _of(item, bound, cell)
        rows.append(row)
    return rows


def _is_text(item: Tensor) -> bool:
    return item.datatype == "BYTES" and not item.labels


def _gathered(source: Source, name: str, rows: Sequence[dict[str, Any]]) -> Iterator[Case]:
    """Rows in as few requests as may be, each of which the contract allows by itself."""
    form, bound = source.form, source.bound(1)
    allowed = [row for row in rows if not source.refutes(form.request(row))]
    most = min(_TOGETHER, source.max_batch or _TOGETHER) if form.has_batch else 1
    for number, start in enumerate(range(0, len(allowed), most), 1):
        group = allowed[start : start + most]
        joined = {key: [row[key][0] for row in group] for key in group[0]} if bound else group[0]
        case = source.asked(joined, source.bound(len(group)), Claim.ALLOWED, f"{name} {number}")
        if case is not None:
            yield case


def _chosen(source: Source, case: Case) -> Iterator[Case]:
    """The same request for each output alone, and for all by their names."""
    names = [item.name for item in source.form.outputs]
    wanted = [[name] for name in names[:_ALONE]] + ([names] if len(names) > 1 else [])
    for outputs in wanted:
        value = source.form.asking_for(case.value, outputs)
        if value is not None and not source.refutes(value):
            yield source.case(f"{case.name}, asking for {', '.join(outputs)}", Claim.ALLOWED, value)
