"""Every valid request once: the answers that later ones are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.contract.instruments.patience import Patience, Polite
from harness.contract.judging.findings import Exchange
from harness.contract.requests.cases import Case
from harness.contract.wire.transport import Client


@dataclass(frozen=True)
class Survey:
    """Every valid request once, in order, before anything was sent that could do harm."""

    exchanges: tuple[Exchange, ...]
    unsent: int = 0  # requests that were left out
    why: str = ""  # the service was slow, hung, or its answers were too large to keep


def survey(cases: Sequence[Case], base_url: str) -> Survey:
    """Ask for all answers, one after the other, bounded in time and in what is kept."""
    exchanges: list[Exchange] = []
    patience = Patience(keeps=True)
    with Client(base_url) as client:
        polite = Polite(client)
        for case in cases:
            if patience.over:
                break
            answer = polite.send(case.prepared)
            patience.count(answer)
            exchanges.append(Exchange(case, answer, base_url))
    return Survey(tuple(exchanges), len(cases) - len(exchanges), patience.over)
