"""The same row beside short and long, empty and extreme neighbours has the same result."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.contract.contract import Contract
from harness.contract.judging.tensors import INTEGERS, REALS
from harness.contract.relations.asking import Asker
from harness.contract.relations.change import (
    Change,
    changed,
    is_plain_number,
    is_text,
    lengthened,
)
from harness.contract.relations.relation import Relation, place_in
from harness.contract.relations.rows import Bench, Row, bench, nothing

if TYPE_CHECKING:
    from harness.config.schema import Tensor

_TARGETS = 3
_LONG = (4000, 1000, 250)  # characters; the longest that the contract allows
_FAR = 10.0  # times a number whose range is not declared


def padding(contract: Contract, base_url: str) -> Relation:
    """A few rows beside neighbours that make a server pad, scale or normalise, each held to itself.

    Raises GateError where nothing can be compared, CandidateNotReady where the service is gone.
    """
    made = bench(contract, base_url)
    relation = Relation.of("padding", made.calibration)
    targets = made.rows[:: max(1, len(made.rows) // _TARGETS)][:_TARGETS]
    with Asker(base_url) as asker:
        for kind, value in _neighbours(made) if targets else ():
            for order in _layouts(targets):
                _beside(made, asker, relation, order, (kind, value))
        relation.left_out = asker.left_out
    if targets and not (relation.compared or relation.refused or relation.left_out):
        relation.notes.append("the contract allows no neighbour that is shorter, longer or extreme")
        return relation
    return relation if relation.compared else nothing(made, relation)


_Layout = list[Row | None]  # None: the neighbour


def _layouts(targets: list[Row]) -> Iterator[_Layout]:
    """One target before its neighbour, all with one between each, and one among many."""
    yield [targets[0], None]
    between: _Layout = [None]
    for row in targets:
        between += [row, None]
    yield between
    yield [None] * 4 + [targets[0]] + [None] * 4


def _beside(
    made: Bench, asker: Asker, relation: Relation, order: _Layout, neighbour: tuple[str, Any]
) -> None:
    kind, value = neighbour
    values = [value if row is None else row.value for row in order]
    if not made.fits(values):
        return
    name = f"{len(values)} rows, some of them {kind}"
    asked = made.together(asker, name, values, relation)
    if asked is None:
        return
    for place, row in enumerate(order):
        found = None if row is None else relation.differ(row.result, asked[1][place])
        if row is None or found is None:
            continue
        if made.settled(asker, row):
            what = (
                f"row {place + 1} of {len(values)} has another result beside rows that are {kind}"
            )
            relation.report(asked[0], what, place_in(place, found), "as alone")
            relation.where.append(kind)
        return


def _neighbours(made: Bench) -> Iterator[tuple[str, Any]]:
    """Rows of other lengths and of extreme values, each with what it is."""
    inputs = made.contract.form.inputs
    template = made.rows[0].value
    seen: list[Any] = []
    for kind, change in _kinds():
        value = changed(template, inputs, change)
        if value is not None and value not in seen:
            seen.append(value)
            yield kind, value
    for length in _LONG:
        value = changed(template, inputs, partial(_lengthened, length))
        if value is not None and value != template and made.fits([value]):
            yield "long", value
            return


def _lengthened(length: int, item: Any, tensor: Tensor | None) -> Any:
    return lengthened(item, length)


def _kinds() -> Iterator[tuple[str, Change]]:
    yield "short", lambda item, tensor: item.split()[0] if is_text(item) else item
    yield "zero", lambda item, tensor: _number(item, tensor, 0.0)
    yield "at the lower end", lambda item, tensor: _end(item, tensor, 0)
    yield "at the upper end", lambda item, tensor: _end(item, tensor, 1)


def _number(item: Any, tensor: Tensor | None, value: float) -> Any:
    if not is_plain_number(item):
        return item
    whole = isinstance(item, int) and (tensor is None or tensor.datatype not in REALS)
    low, high = (tensor.range if tensor is not None and tensor.range else None) or (value, value)
    if not low <= value <= high:
        return item
    return int(value) if whole else value


def _end(item: Any, tensor: Tensor | None, end: int) -> Any:
    """The end of the declared range, or a number ten times as far out."""
    if not is_plain_number(item):
        return item
    if tensor is not None and tensor.range is not None:
        return int(tensor.range[end]) if tensor.datatype in INTEGERS else float(tensor.range[end])
    if isinstance(item, int):
        return item  # without a range it may be an index
    return round((1 if end else -1) * abs(item) * _FAR, 6)
