"""The answers that came under load, held against the contract: fast and wrong is wrong."""

from __future__ import annotations

import time
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from harness.load.record import Kept, Lines, read_answers
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
        self.unseen = 0  # answers that there was no time to look at

    def look(self) -> None:
        """Hold what came since the last look against the contract."""
        deadline = time.monotonic() + _SECONDS
        for kept in read_answers(self._lines):
            if time.monotonic() > deadline:
                self.unseen += 1
            elif self._promised is None or kept.request in self._promised:
                self._judge(kept)

    def _judge(self, kept: Kept) -> None:
        from harness.contract import Answer

        answer = Answer(kept.status, tuple(kept.headers.items()), kept.body)
        for finding in self._contract.violations(answer):
            if finding.severity is Severity.ERROR and finding.rule not in self.usual:
                where = f" at {finding.location}" if finding.location else ""
                self.wrong[kept.id] = f"{finding.rule}: {finding.message}{where}"
                return
