"""Four counts of the same rows: all that a paired comparison of right and wrong needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from harness.accuracy import statistics
from harness.accuracy.statistics import Interval

CELLS = 5  # both right, b, c, both wrong and different, both wrong and equal


@dataclass(frozen=True, slots=True)
class Table:
    """How often the two models were right on the same rows."""

    n: int = 0
    both_right: int = 0
    b: int = 0  # reference right, candidate wrong
    c: int = 0  # reference wrong, candidate right
    w: int = 0  # both wrong, in different ways

    def __add__(self, other: Table) -> Table:
        return Table(
            self.n + other.n,
            self.both_right + other.both_right,
            self.b + other.b,
            self.c + other.c,
            self.w + other.w,
        )

    @staticmethod
    def of(cells: NDArray[Any]) -> Table:
        """From the `CELLS` counts of rows, in their order."""
        both_right, b, c, w, _ = (int(cell) for cell in cells)
        return Table(int(cells.sum()), both_right, b, c, w)

    @property
    def reference_accuracy(self) -> float:
        """In %."""
        return 100 * (self.both_right + self.b) / self.n

    @property
    def candidate_accuracy(self) -> float:
        """In %."""
        return 100 * (self.both_right + self.c) / self.n

    @property
    def flips(self) -> float:
        """Share of rows on which exactly one of the two is right."""
        return (self.b + self.c) / self.n

    def drop(self, level: float) -> Interval:
        """Accuracy that the candidate lost, in percentage points; positive is worse.

        Two-sided at `level`: see `statistics.paired`. Raises ValueError where there are no rows.
        """
        return statistics.paired(self.b, self.c, self.n, level).scaled(100)
