"""Rows without a usable answer: counted, and never passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.counting.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Odd:
    """Of one model: how many such rows, and the first of each kind."""

    not_finite: int = 0  # rows answered with NaN or infinity
    not_finite_row: int | None = None
    unanswered: int = 0
    unanswered_row: int | None = None
    problem: str = ""  # why the first unanswered row has no answer

    def __add__(self, other: Odd) -> Odd:
        return Odd(
            self.not_finite + other.not_finite,
            _first(self.not_finite_row, other.not_finite_row),
            self.unanswered + other.unanswered,
            _first(self.unanswered_row, other.unanswered_row),
            self.problem or other.problem,
        )

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of(fields: Mapping[str, Any]) -> Odd:
        """Back from JSON."""
        return Odd(**fields)


def odd_rows(ids: NDArray[np.int64], seen: Predictions) -> Odd:
    """Those among some rows, whose numbers are `ids`."""
    if seen.known.all():
        return Odd()
    broken = ids[~seen.finite]
    silent = ids[seen.finite & ~seen.known]
    return Odd(
        len(broken),
        int(broken[0]) if len(broken) else None,
        len(silent),
        int(silent[0]) if len(silent) else None,
        seen.problem,
    )


def _first(row: int | None, later: int | None) -> int | None:
    return later if row is None else row
