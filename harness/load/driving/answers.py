"""The answers that came under load, held against the contract: fast and wrong is wrong."""

from __future__ import annotations

import random
import time
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.load.driving.record import Kept, Lines, Rows, has, read_answers
from harness.load.locustside import layout
from harness.model import Severity

if TYPE_CHECKING:
    from harness.contract import Contract

_SECONDS = 5.0  # spent after a phase on answers that all differ from one another


def usual_faults(contract: Contract, base_url: str) -> frozenset[str]:
    """Rules that answers break without any load, asked one by one.

    The contract checks tell of those. Here they would say that the service gives way under load,
    which is another defect with another remedy.
    """
    return frozenset(
        finding.rule
        for exchange in contract.survey(base_url).exchanges
        if exchange.succeeded
        for finding in contract.violations(exchange.answer)
        if finding.severity is Severity.ERROR
    )


class Answers:
    """The distinct answers of a run. Each is looked at once, however often it came."""

    def __init__(
        self,
        path: Path,
        contract: Contract,
        usual: frozenset[str] = frozenset(),
        promised: Container[int] | None = None,
    ) -> None:
        """Rules in `usual` do not count. `promised`: requests that the contract speaks of."""
        self._lines = Lines(path)
        self._contract = contract
        self._promised = promised
        self.usual = usual
        self.wrong: dict[int, str] = {}  # answer id -> the promise that it breaks
        self._unseen: set[int] = set()  # answer ids that there was no time to look at

    def look(self) -> None:
        """Hold what came since the last look against the contract, in an order drawn by lot.

        Where time is too short for all of them, it is a sample of the whole stretch.
        """
        deadline = time.monotonic() + _SECONDS
        found = read_answers(self._lines)
        random.Random(len(found)).shuffle(found)
        for kept in found:
            if time.monotonic() > deadline:
                self._unseen.add(kept.id)
            elif self._promised is None or kept.request in self._promised:
                self._judge(kept)

    def mark(self, rows: Rows) -> None:
        """In rows of one phase, shape (n,): wrong answers become failed ones.

        Where the sample shows wrong ones, as many of the others as that lets expect are DOUBTFUL.
        """
        wrong, unheld = np.isin(rows["answer"], list(self.wrong)), self.unheld(rows)
        judged = np.count_nonzero(~has(rows, layout.FAILED) & ~unheld)
        rows["flags"][wrong] |= layout.FAILED | layout.OTHER << layout.WHY_SHIFT
        if wrong.any():
            every = max(1, judged // (np.count_nonzero(wrong) + 1))
            rows["flags"][np.flatnonzero(unheld)[::every]] |= layout.DOUBTFUL

    def unheld(self, rows: Rows) -> NDArray[np.bool_]:
        """Which rows have an answer that was never held against the contract, shape (n,)."""
        lost = [layout.DROPPED_ANSWER, *self._unseen]
        found: NDArray[np.bool_] = np.isin(rows["answer"], lost)
        return found

    def _judge(self, kept: Kept) -> None:
        from harness.contract import Answer

        answer = Answer(kept.status, tuple(kept.headers.items()), kept.body)
        for finding in self._contract.violations(answer):
            if finding.severity is Severity.ERROR and finding.rule not in self.usual:
                where = f" at {finding.location}" if finding.location else ""
                self.wrong[kept.id] = f"{finding.rule}: {finding.message}{where}"
                return
