"""What a runtime really executes, operator by operator, in multiply-adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One operator of a convolution or matrix product, as it was executed once."""

    name: str
    op: str
    work: int  # multiply-adds
    integer: bool  # computed in int8


@dataclass(frozen=True, slots=True)
class Audit:
    """What a file means to run in int8, and what ran."""

    steps: tuple[Step, ...]
    meant: int  # multiply-adds that the file means to be int8
    fallen: tuple[str, ...]  # operators that were meant to be int8 and ran in float
    delegated: float | None = None  # of all multiply-adds, in %: run by a delegate; LiteRT only

    @property
    def float_share(self) -> float:
        """Multiply-adds that were meant to be int8 and ran in float, in % of all that were."""
        ran = sum(step.work for step in self.steps if step.integer)
        return 100 * max(0.0, 1 - ran / self.meant) if self.meant else 0.0

    def by_operator(self) -> dict[str, tuple[int, float]]:
        """How many of each operator were executed, and their part of all multiply-adds in %."""
        total = sum(step.work for step in self.steps) or 1
        found: dict[str, tuple[int, float]] = {}
        for step in sorted(self.steps, key=lambda row: row.op):
            count, share = found.get(step.op, (0, 0.0))
            found[step.op] = (count + 1, share + 100 * step.work / total)
        return found

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of(fields: Mapping[str, Any]) -> Audit:
        """Back from JSON."""
        steps = tuple(Step(**row) for row in fields["steps"])
        return Audit(steps, fields["meant"], tuple(fields["fallen"]), fields["delegated"])


def product(sizes: Iterable[int]) -> int:
    """All sizes multiplied, as whole numbers of any length."""
    found = 1
    for size in sizes:
        found *= int(size)
    return found
