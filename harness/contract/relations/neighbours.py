"""Answers that were kept for inputs nearly the same: found by the order in which these were asked.

Two equal answers to neighbours prove nothing, as a tree or a binned feature gives them by right.
But which of two was asked first says nothing about a service without a memory: the curve through
the answers at the places asked first is as smooth as that at the places asked second. It is a
randomised experiment (R. A. Fisher, "The Design of Experiments", 1935): the roles are dealt, and a
memory shows as a curve that is smooth at the places that were asked first, and only there.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.contract.judging.compare import Comparer, Difference
from harness.contract.judging.findings import Exchange
from harness.contract.judging.tensors import REALS
from harness.contract.relations.asking import Asker, case_of
from harness.contract.relations.relation import Relation
from harness.contract.relations.rows import Bench, Row
from harness.contract.requests.varied import mapped

_PAIRS = 12
_LINES = 3  # inputs that are tried, until the answers depend on one
_SCALES = (1.0, 0.01)  # what a key may be rounded to
# Both are rounded to the same number, up, down or to the nearest; and nothing else is near.
_OFFSETS = (0.1, 0.4)
_ROUGHER = 50.0  # times as rough as by the places asked first
_GRAIN = 1e-6  # of the largest number: what is smoother than FP32 can say is smooth
_SEED = 7
_LOST = 2  # requests that are refused before another row is tried


@dataclass(frozen=True, slots=True)
class _Asked:
    """One place on the line, and the answer there."""

    place: float
    exchange: Exchange
    result: Any


def neighbours(made: Bench, asker: Asker, relation: Relation) -> None:
    """One number of a row moved along a line, in pairs of places that are nearly the same."""
    for scale in _SCALES:
        for name, row, least in itertools.islice(_lines(made, scale), _LINES):
            pairs = list(_walk(made, asker, row, name, least, scale))
            if len(pairs) == _PAIRS:
                _judge(relation, pairs, name)
                break


def _lines(made: Bench, scale: float) -> Iterator[tuple[str, Row, float]]:
    """Names of declared reals, each with a row and a whole number of steps to begin at."""
    for tensor in made.contract.form.inputs:
        for row in made.rows[:1] if tensor.datatype in REALS else ():
            value = _first(_cells(row.value, tensor.name))
            if value is None:
                continue
            low, high = tensor.range or (value - _PAIRS * scale, value + (_PAIRS + 1) * scale)
            span = (_PAIRS + 1) * scale
            start = min(max(value, low), high - span)
            least = scale * round(start / scale + 0.5)
            if low <= least and least + _PAIRS * scale <= high:
                yield tensor.name, row, least


def _walk(
    made: Bench, asker: Asker, row: Row, name: str, least: float, scale: float
) -> Iterator[tuple[_Asked, _Asked]]:
    """Pairs along the line, each in an order that is dealt: `first` was asked before `second`.

    It ends where the number does not count: two pairs beside each other have one answer.
    """
    chance = random.Random(_SEED)
    lost, before = 0, None
    for number in range(_PAIRS):
        offsets = list(_OFFSETS)
        chance.shuffle(offsets)
        places = [round(least + (number + offset) * scale, 9) for offset in offsets]
        asked = [_ask(made, asker, row, name, place) for place in places]
        first, second = asked
        if first is not None and second is not None:
            if _number(first.result) in (None, before):
                return
            before = _number(first.result)
            yield first, second
            continue
        lost += 1
        if lost >= _LOST:
            return


def _ask(made: Bench, asker: Asker, row: Row, name: str, place: float) -> _Asked | None:
    value = _moved(row.value, name, place)
    if not made.fits([value]):
        return None
    case = case_of(made.contract, f"{name} = {place:g}", made.contract.form.join([value]))
    exchange = asker.ask(case)
    results = None if exchange is None else made.results(exchange)
    if exchange is None or results is None or len(results) != 1:
        return None
    return _Asked(place, exchange, results[0])


def _judge(relation: Relation, pairs: Sequence[tuple[_Asked, _Asked]], name: str) -> None:
    """Add a finding where each second answer is the first one's, and belongs to its place."""
    relation.compared += len(pairs)
    if any(Comparer(0.0).difference(a.result, b.result) is not None for a, b in pairs):
        return
    values: list[float] = [_number(a.result) for a, _ in pairs]
    at_first = _roughness([a.place for a, _ in pairs], values)
    at_second = _roughness([b.place for _, b in pairs], values)
    if at_second <= _ROUGHER * max(at_first, _GRAIN * max(map(abs, values))):
        return
    a, b = pairs[-1]
    message = (
        f"{name} = {b.place:g} has the answer to {name} = {a.place:g}, which was asked before it, "
        f"and so have all of {len(pairs)} pairs, whichever was asked first"
    )
    curve = _through([(one.place, _number(one.result)) for one, _ in pairs[-4:]], b.place)
    found = Difference("$", round(curve, 6), b.result)
    relation.report(b.exchange, message, found, "as it lies between the answers around it")


def _roughness(places: Sequence[float], values: Sequence[float]) -> float:
    """Largest distance of a value from the cubic through its four nearest neighbours."""
    return max(
        abs(values[i] - _through([(places[j], values[j]) for j in (i - 2, i - 1, i + 1, i + 2)], x))
        for i, x in list(enumerate(places))[2:-2]
    )


def _through(points: Sequence[tuple[float, float]], x: float) -> float:
    """The polynomial through some points, at x (Lagrange)."""
    total = 0.0
    for i, (at, value) in enumerate(points):
        for j, (other, _) in enumerate(points):
            value *= (x - other) / (at - other) if i != j else 1.0
        total += value
    return total


def _number(result: Any) -> Any:
    """The first real of a result."""
    return _first(_reals(result))


def _reals(value: Any) -> list[float]:
    found: list[float] = []
    mapped(value, lambda item: found.append(item) if type(item) is float else None)
    return found


def _cells(row: Any, name: str) -> list[float]:
    """The numbers of one input in a row: a member of an object, or the row itself."""
    return _reals(mapped(row.get(name) if isinstance(row, dict) else row, _as_float))


def _as_float(item: Any) -> Any:
    return float(item) if type(item) is int else item


def _moved(row: Any, name: str, place: float) -> Any:
    """The row with the first number of one input replaced."""
    waiting = [place]

    def change(item: Any) -> Any:
        return waiting.pop() if waiting and type(item) in (int, float) else item

    if isinstance(row, dict):
        return {**row, name: mapped(row[name], change)}
    return mapped(row, change)


def _first(items: Sequence[float]) -> float | None:
    return items[0] if items else None
