"""The answers that came under load, held against the contract: fast and wrong is wrong."""

from __future__ import annotations

import random
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.load.driving import strays
from harness.load.driving.quiet import Quiet
from harness.load.driving.record import Kept, Lines, Rows, has, read_answers
from harness.load.driving.strays import REASON, Strays
from harness.load.locustside import layout
from harness.model import Finding, Severity

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


@dataclass(frozen=True, slots=True)
class Held:
    """What is wrong with the answers of one phase."""

    wrong: Mapping[int, str]  # answer id -> why
    findings: tuple[Finding, ...] = ()  # on answers that are others than without load


class Answers:
    """The distinct answers of a run. Each is looked at once, however often it came."""

    def __init__(
        self,
        path: Path,
        contract: Contract,
        usual: frozenset[str] = frozenset(),
        promised: Container[int] | None = None,
        quiet: Quiet | None = None,
    ) -> None:
        """Rules in `usual` do not count. `promised`: requests that the contract speaks of."""
        self._lines = Lines(path)
        self._contract = contract
        self._promised = promised
        self.usual = usual
        self.wrong: dict[int, str] = {}  # answer id -> the promise that it breaks
        self.unquiet = "" if quiet is None else quiet.problem  # why nothing is held to quiet ones
        self._quiet = quiet
        self._kept: dict[int, Kept] = {}  # all that could be held against quiet answers
        self._unseen: set[int] = set()  # answer ids that there was no time to look at

    def look(self) -> None:
        """Hold what came since the last look against the contract, in an order drawn by lot.

        Where time is too short for all of them, it is a sample of the whole stretch.
        """
        deadline = time.monotonic() + _SECONDS
        found = read_answers(self._lines)
        random.Random(len(found)).shuffle(found)
        if self._quiet is not None and not self._quiet.problem:
            self._kept.update((kept.id, kept) for kept in found)
        for kept in found:
            if time.monotonic() > deadline:
                self._unseen.add(kept.id)
            elif self._promised is None or kept.request in self._promised:
                self._judge(kept)

    def mark(self, rows: Rows, loaded: str = "") -> Held:
        """In rows of one phase, shape (n,): wrong answers become failed ones.

        `loaded` is the base URL that was under load in a phase that has just ended: there answers
        count as wrong, too, that are surely others than without load. Where the sample shows wrong
        ones, as many of the others as that lets expect are DOUBTFUL.
        """
        found = self._strays(rows, loaded)
        held = Held({**self.wrong, **dict.fromkeys(found.ids, REASON)}, found.findings)
        wrong, unheld = np.isin(rows["answer"], list(held.wrong)), self.unheld(rows)
        if found.ids:
            unheld |= self._unknown(rows)
        judged = np.count_nonzero(~has(rows, layout.FAILED) & ~unheld)
        rows["flags"][wrong] |= layout.FAILED | layout.OTHER << layout.WHY_SHIFT
        if wrong.any():
            every = max(1, judged // (np.count_nonzero(wrong) + 1))
            rows["flags"][np.flatnonzero(unheld & ~wrong)[::every]] |= layout.DOUBTFUL
        return held

    def unheld(self, rows: Rows) -> NDArray[np.bool_]:
        """Which rows have an answer that was never held against the contract, shape (n,)."""
        lost = [layout.DROPPED_ANSWER, *self._unseen]
        found: NDArray[np.bool_] = np.isin(rows["answer"], lost)
        return found

    def _strays(self, rows: Rows, loaded: str) -> Strays:
        quiet = self._quiet
        if quiet is None or quiet.problem or quiet.base_url != loaded:
            return Strays()
        ids, counts = np.unique(rows["answer"], return_counts=True)
        times = dict(zip(ids.tolist(), counts.tolist(), strict=True))
        mine = [self._kept[number] for number in times if number in self._kept]
        return strays.find(quiet, [one for one in mine if one.id not in self.wrong], times)

    def _unknown(self, rows: Rows) -> NDArray[np.bool_]:
        """Which rows have an answer that no quiet one stands beside, shape (n,)."""
        known = self._quiet.known if self._quiet is not None else frozenset()
        lost = [kept.id for kept in self._kept.values() if kept.request not in known]
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
