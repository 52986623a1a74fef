"""Whether two answers are the same: numbers within a tolerance, everything else exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.contract.judging.volatile import Path, read_paths, without
from harness.contract.text import json_path

# A number is rounded as coarsely as the largest one beside it, like a small logit among large ones.
_BESIDE = 0.25


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two values differ."""

    path: str
    expected: Any
    received: Any
    parts: tuple[Any, ...] = ()  # of `path`


@dataclass(slots=True)
class Comparer:
    """Compares JSON values and remembers the largest numeric difference that it met."""

    tolerance: float  # relative and absolute, for numbers of which one is no whole number
    volatile: Sequence[str] = ()  # JSON paths that are left out
    step: float = 0.0  # of numbers that were rounded: one step is no difference
    largest: float = 0.0  # |a - b| / max(1, |a|) over all numbers compared
    _paths: tuple[Path, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._paths = read_paths(self.volatile)

    def difference(self, expected: Any, received: Any) -> Difference | None:
        """Where `received` first differs from `expected`, or None. NaN equals NaN."""
        return next(self.differences(expected, received), None)

    def differences(self, expected: Any, received: Any) -> Iterator[Difference]:
        """Every place where the two differ, in order."""
        a, b = without(expected, self._paths), without(received, self._paths)
        return self._compare(a, b, (), 0.0)

    def same_number(self, a: int | float, b: int | float, beside: float = 0.0) -> bool:
        """Whether two numbers count as equal; `beside` is the largest magnitude in their list."""
        if isinstance(a, int) and isinstance(b, int):
            return a == b  # labels, counts, ids
        try:
            a, b = float(a), float(b)
        except OverflowError:  # a whole number beyond every double
            return False
        if not (math.isfinite(a) and math.isfinite(b)):
            return a == b or (a != a and b != b)
        apart, scale = abs(a - b), max(abs(a), _BESIDE * beside)
        self.largest = max(self.largest, apart / max(1.0, scale))
        return apart <= self.tolerance + self.tolerance * scale + 1.001 * self.step

    def _compare(
        self, a: Any, b: Any, parts: tuple[Any, ...], beside: float
    ) -> Iterator[Difference]:
        if is_number(a) and is_number(b):
            same = self.same_number(a, b, beside)
        elif isinstance(a, dict) and isinstance(b, dict):
            yield from self._objects(a, b, parts)
            return
        elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            beside = _magnitude(a)
            for index, (x, y) in enumerate(zip(a, b, strict=True)):
                if x is not y:
                    yield from self._compare(x, y, (*parts, index), beside)
            return
        else:
            same = type(a) is type(b) and bool(a == b)
        if not same:
            yield Difference(json_path(parts), a, b, parts)

    def _objects(
        self, a: dict[str, Any], b: dict[str, Any], parts: tuple[Any, ...]
    ) -> Iterator[Difference]:
        missing = Missing()
        for name in [*a, *(name for name in b if name not in a)]:
            if name in b and name in a:
                yield from self._compare(a[name], b[name], (*parts, name), 0.0)
            else:
                there = (*parts, name)
                x, y = a.get(name, missing), b.get(name, missing)
                yield Difference(json_path(there), x, y, there)


class Missing:
    """Stands for a member that is not there."""

    def __repr__(self) -> str:
        return "(no such member)"


def is_number(value: Any) -> bool:
    """Whether it is a JSON number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _magnitude(items: list[Any]) -> float:
    """The largest of the finite reals in a list."""
    reals = (abs(item) for item in items if type(item) is float and math.isfinite(item))
    return max(reals, default=0.0)


def tied(expected: Any, received: Any, tolerance: float) -> bool:
    """Whether only labels differ, between classes whose scores are as good as equal.

    Both are results of one row: `{"label": "cat", "scores": [0.5, 0.5]}`. Without scores beside
    the label nothing says that it was close, and the answer is False.
    """
    for found in Comparer(tolerance).differences(expected, received):
        if not (_is_label(found.expected) and _is_label(found.received)):
            return False
        margins = [*_margins(expected, found.parts), *_margins(received, found.parts)]
        if min(margins, default=math.inf) > 2 * tolerance:  # each score may move by as much
            return False
    return True


def _is_label(value: Any) -> bool:
    return isinstance(value, (str, bool, int))


def _margins(value: Any, parts: Sequence[Any]) -> Iterator[float]:
    """By how much the best score leads, for each group of scores beside the label at `parts`."""
    around = []  # what the label stands in, the innermost last
    for part in parts:
        around.append(value)
        value = value[part]
    depth = max((i for i, item in enumerate(around) if isinstance(item, dict)), default=None)
    if depth is None:
        return
    near = around[depth]
    for name, item in near.items():
        if name != parts[depth]:
            yield from _leads(item)
    score = _lone_real(near)
    if score is not None and 0.0 <= score <= 1.0:
        yield abs(score - 0.5) * 2  # one probability beside its label
    if depth and isinstance(around[depth - 1], list):
        yield from _between_ranks([_lone_real(item) for item in around[depth - 1]])


def _leads(item: Any) -> Iterator[float]:
    """Of scores in a list, of named ones, and of those in lists of them."""
    items = list(item.values()) if isinstance(item, dict) else item
    if not isinstance(items, list):
        return
    reals = sorted((one for one in items if type(one) is float), reverse=True)
    if len(reals) > 1:
        yield reals[0] - reals[1]
    for one in items if isinstance(item, list) else ():
        if isinstance(one, list):
            yield from _leads(one)


def _between_ranks(scores: list[float | None]) -> Iterator[float]:
    """Distances of neighbours in `[{"label": "cat", "score": 0.5}, ...]`."""
    known = sorted(score for score in scores if score is not None)
    if len(known) == len(scores) > 1:
        yield from (b - a for a, b in zip(known, known[1:], strict=False))


def _lone_real(item: Any) -> float | None:
    """The score of `{"label": "cat", "score": 0.5}`."""
    if not isinstance(item, dict):
        return None
    reals = [value for value in item.values() if type(value) is float]
    return reals[0] if len(reals) == 1 else None
