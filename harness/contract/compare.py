"""Whether two answers are the same: numbers within a tolerance, everything else exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from harness.contract.text import json_path


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two values differ."""

    path: str
    expected: Any
    received: Any


@dataclass(slots=True)
class Comparer:
    """Compares JSON values and remembers the largest numeric difference that it met."""

    tolerance: float  # relative and absolute, for numbers of which one is no whole number
    largest: float = 0.0  # |a - b| / max(1, |a|) over all numbers compared

    def difference(self, expected: Any, received: Any) -> Difference | None:
        """Where `received` differs from `expected`, or None. NaN equals NaN."""
        return self._compare(expected, received, [])

    def _compare(self, a: Any, b: Any, path: list[Any]) -> Difference | None:
        if _is_number(a) and _is_number(b):
            same = self._close(a, b)
        elif isinstance(a, dict) and isinstance(b, dict):
            return self._objects(a, b, path)
        elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            pairs = enumerate(zip(a, b, strict=True))
            found = (self._compare(x, y, [*path, i]) for i, (x, y) in pairs)
            return next((item for item in found if item is not None), None)
        else:
            same = type(a) is type(b) and bool(a == b)
        return None if same else Difference(json_path(path), a, b)

    def _objects(self, a: dict[str, Any], b: dict[str, Any], path: list[Any]) -> Difference | None:
        for name in [*a, *(name for name in b if name not in a)]:
            if name not in b or name not in a:
                missing = Missing()
                where = json_path([*path, name])
                return Difference(where, a.get(name, missing), b.get(name, missing))
            found = self._compare(a[name], b[name], [*path, name])
            if found is not None:
                return found
        return None

    def _close(self, a: int | float, b: int | float) -> bool:
        if isinstance(a, int) and isinstance(b, int):
            return a == b  # labels, counts, ids
        if not (math.isfinite(a) and math.isfinite(b)):
            return a == b or (a != a and b != b)
        apart = abs(a - b)
        self.largest = max(self.largest, apart / max(1.0, abs(a)))
        return apart <= self.tolerance + self.tolerance * abs(a)


class Missing:
    """Stands for a member that is not there."""

    def __repr__(self) -> str:
        return "(no such member)"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
