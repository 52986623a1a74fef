"""Limits: text with a parsed form. `"<= 100 ms"` is kept verbatim beside every verdict."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from harness import units
from harness.model import Measurement, Outcome

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
}
_LIMIT = re.compile(r"\s*(<=|>=|==|<|>)\s*(.*)")


@dataclass(frozen=True, slots=True)
class Limit:
    """`operator value unit`, and the text that it was read from."""

    text: str
    operator: str
    value: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Read a limit such as `"<= 100 ms"`, `">= 99 %"`, `"== 0"`. Raises ValueError."""
        match = _LIMIT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a limit: expected one like '<= 100 ms'")
        value, unit = units.parse_quantity(match[2])
        return cls(text=text.strip(), operator=match[1], value=value, unit=unit)

    @property
    def dimension(self) -> str:
        """What kind of quantity it limits."""
        return units.dimension(self.unit)

    def opposes(self, other: Limit) -> bool:
        """Whether one of the two bounds a quantity from above and the other from below."""
        return {self.operator[0], other.operator[0]} == {"<", ">"}

    def holds(self, value: float, unit: str) -> bool:
        """Whether one value is inside the limit. Raises ValueError for another dimension."""
        return _OPERATORS[self.operator](self._comparable(value, unit), self._base)

    def judge(self, measured: Measurement) -> Outcome:
        """Hold a measurement against the limit, by its interval where it has one.

        Wholly inside: passed. Wholly outside: failed. Across: inconclusive.
        Raises ValueError for another dimension.
        """
        ends = [end for end in (measured.low, measured.high) if end is not None]
        inside = {self.holds(end, measured.unit) for end in (ends or [measured.value])}
        inside.add(self.holds(measured.value, measured.unit))
        if len(inside) == 2:
            return Outcome.INCONCLUSIVE
        return Outcome.PASSED if inside == {True} else Outcome.FAILED

    def in_unit(self, unit: str) -> float:
        """The limit's value expressed in another unit of the same dimension."""
        self._comparable(0.0, unit)
        return self._base / units.to_base(1.0, unit)

    @property
    def _base(self) -> float:
        return units.to_base(self.value, self.unit)

    def _comparable(self, value: float, unit: str) -> float:
        if units.dimension(unit) != self.dimension:
            raise ValueError(
                f"limit {self.text!r} is a {self.dimension}, "
                f"but the measurement is a {units.dimension(unit)} ({unit or 'no unit'})"
            )
        return units.to_base(value, unit)
