"""Whether answers of the endpoint agree with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness import Finding, Measurement, check
from harness import contract as room

if TYPE_CHECKING:
    from harness.config import Gate
    from harness.contract import Contract
    from harness.runtime import Endpoint


def _has_batch(gate: Gate) -> str:
    return "" if room.batched(gate) else "the contract has no batch: one request carries one row"


def _told(count: str, difference: str, relation: room.Relation) -> list[Measurement | Finding]:
    return [
        Measurement(count, relation.compared, n=relation.compared),
        Measurement(difference, relation.largest, n=relation.compared),
        *relation.folded(),
    ]


@check(measures=("repeats", "repeat_difference"))
def check_repeatable(contract: Contract, endpoint: Endpoint) -> Sequence[Measurement | Finding]:
    """The same request gives the same answer, also after refused requests."""
    relation = room.repeatable(contract, endpoint.base_url)
    return _told("repeats", "repeat_difference", relation)


@check(measures=("batch_rows", "batch_difference"), applies=_has_batch)
def check_batch(contract: Contract, endpoint: Endpoint) -> Sequence[Measurement | Finding]:
    """Rows together give what each gives alone."""
    return _told("batch_rows", "batch_difference", room.batch(contract, endpoint.base_url))


@check(measures=("parallel_answers", "parallel_difference", "parallel_refused"))
def check_concurrent(contract: Contract, endpoint: Endpoint) -> Sequence[Measurement | Finding]:
    """Answers under 8 parallel clients are those of one client."""
    relation = room.concurrent(contract, endpoint.base_url)
    return [
        *_told("parallel_answers", "parallel_difference", relation),
        Measurement("parallel_refused", relation.refused, n=relation.compared + relation.refused),
    ]
