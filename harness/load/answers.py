"""The answers that came under load, held against the contract: fast and wrong is wrong."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness.load.record import read_answers
from harness.model import Severity

if TYPE_CHECKING:
    from harness.contract import Contract

_SECONDS = 5.0  # spent on answers that all differ from one another


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


def wrong_answers(
    path: Path, contract: Contract, usual: frozenset[str]
) -> tuple[dict[int, str], int]:
    """The distinct answers that break the contract, by their id, and how many were not looked at.

    Each distinct answer is looked at once, however often it came. Rules in `usual` do not count.
    """
    from harness.contract import Answer

    deadline = time.monotonic() + _SECONDS
    wrong: dict[int, str] = {}
    kept = read_answers(path)
    for index, item in enumerate(kept):
        if time.monotonic() > deadline:
            return wrong, len(kept) - index
        answer = Answer(item.status, tuple(item.headers.items()), item.body)
        for finding in contract.violations(answer):
            if finding.severity is Severity.ERROR and finding.rule not in usual:
                where = f" at {finding.location}" if finding.location else ""
                wrong[item.id] = f"{finding.rule}: {finding.message}{where}"
                break
    return wrong, 0
