"""Whether answers of the endpoint agree with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness import Evidence, Finding, Measurement, check
from harness import contract as room

if TYPE_CHECKING:
    from harness.baseline import Baseline
    from harness.config import Gate
    from harness.contract import Contract
    from harness.runtime import Endpoint

Told = Sequence[Measurement | Finding | Evidence]


def _has_batch(gate: Gate) -> str:
    return "" if room.batched(gate) else "the contract has no batch: one request carries one row"


def _has_baseline(gate: Gate) -> str:
    return "" if gate.baseline_image else "baseline.image is not set"


def _explores(gate: Gate) -> str:
    return "" if room.explores(gate) else 'contract.explore is "0 s"'


def _told(relation: room.Relation, count: str, name: str) -> list[Measurement | Finding | Evidence]:
    """What every relation measures; `{name}_tolerance` is what counts as equal."""
    n = relation.compared
    return [
        Measurement(count, n, n=n),
        Measurement(f"{name}_difference", relation.largest, n=n),
        Measurement(f"{name}_tolerance", relation.tolerance),
        Measurement(f"{name}_ties", relation.ties, n=n),
        *relation.told(),
    ]


@check(
    measures=("repeats", "repeat_difference", "repeat_tolerance", "repeat_ties", "repeat_noise"),
    version=2,
)
def check_repeatable(contract: Contract, endpoint: Endpoint) -> Told:
    """The same request gives the same answer, cold and warm."""
    relation = room.repeatable(contract, endpoint.base_url)
    calibration = relation.calibration
    return [
        *_told(relation, "repeats", "repeat"),
        Measurement("repeat_noise", calibration.noise, n=relation.compared),
        Evidence("text", "How far numbers may lie apart", {"text": calibration.explained()}),
    ]


@check(
    measures=("batch_rows", "batch_difference", "batch_tolerance", "batch_ties", "batch_refused"),
    applies=_has_batch,
    version=2,
)
def check_batch(contract: Contract, endpoint: Endpoint) -> Told:
    """Rows together give what each gives alone, in every size of batch."""
    relation = room.batch(contract, endpoint.base_url)
    refused = Measurement("batch_refused", relation.refused)
    return [*_told(relation, "batch_rows", "batch"), refused]


@check(
    measures=("order_rows", "order_difference", "order_tolerance", "order_ties"),
    applies=_has_batch,
)
def check_order(contract: Contract, endpoint: Endpoint) -> Told:
    """The order of rows orders the results, and changes none of them."""
    return _told(room.order(contract, endpoint.base_url), "order_rows", "order")


@check(
    measures=("padding_rows", "padding_difference", "padding_tolerance", "padding_ties"),
    applies=_has_batch,
)
def check_padding(contract: Contract, endpoint: Endpoint) -> Told:
    """A row gives the same beside short and long, empty and extreme neighbours."""
    return _told(room.padding(contract, endpoint.base_url), "padding_rows", "padding")


@check(
    measures=(
        "parallel_answers",
        "parallel_difference",
        "parallel_tolerance",
        "parallel_ties",
        "parallel_refused",
    ),
    version=2,
)
def check_concurrent(contract: Contract, endpoint: Endpoint) -> Told:
    """Answers to parallel clients are those to one client, each to its own request."""
    relation = room.concurrent(contract, endpoint.base_url)
    asked = relation.compared + relation.refused
    refused = Measurement("parallel_refused", relation.refused, n=asked)
    return [*_told(relation, "parallel_answers", "parallel"), refused]


@check(measures=("history_answers", "history_difference", "history_tolerance", "history_ties"))
def check_history(contract: Contract, endpoint: Endpoint) -> Told:
    """An answer does not depend on what was asked before, served or refused."""
    return _told(room.history(contract, endpoint.base_url), "history_answers", "history")


@check(
    measures=(
        "encoded_answers",
        "encoded_difference",
        "encoded_tolerance",
        "encoded_ties",
        "encoded_refused",
    )
)
def check_encodings(contract: Contract, endpoint: Endpoint) -> Told:
    """The same request in another encoding of its protocol has the same answer."""
    relation = room.encodings(contract, endpoint.base_url)
    asked = relation.compared + relation.refused
    refused = Measurement("encoded_refused", relation.refused, n=asked)
    return [*_told(relation, "encoded_answers", "encoded"), refused]


@check(measures=("sensitive_rows",))
def check_sensitive(contract: Contract, endpoint: Endpoint) -> Told:
    """Different requests do not all have one answer, nor do those of a region of the input."""
    relation = room.sensitive(contract, endpoint.base_url)
    count = Measurement("sensitive_rows", relation.compared, n=relation.compared)
    return [count, *relation.told()]


@check(measures=("labelled_rows", "label_ties"), applies=room.unlabelled)
def check_labels(contract: Contract, endpoint: Endpoint) -> Told:
    """A label names the same column of scores in every answer, as in the recorded ones."""
    relation = room.labels(contract, endpoint.base_url)
    return [
        Measurement("labelled_rows", relation.compared, n=relation.compared),
        Measurement("label_ties", relation.ties, n=relation.compared),
        *relation.told(),
    ]


@check(
    limits={"baseline_changed": "== 0 %", "baseline_flipped": "== 0 %"},
    measures=("baseline_answers", "baseline_difference", "baseline_tolerance", "baseline_ties"),
    applies=_has_baseline,
)
def check_baseline(contract: Contract, baseline: Baseline, endpoint: Endpoint) -> Told:
    """Each valid request has the answer that the accepted release gives beside it."""
    seen = room.beside(contract, endpoint.base_url, baseline.base_url)
    digest = baseline.config_digest or "no digest"
    text = f"beside {baseline.reference} ({digest}), ready in {baseline.startup.seconds:.2f} s"
    return [
        Measurement("baseline_answers", seen.compared, n=seen.compared),
        Measurement("baseline_changed", seen.share(seen.changed), "%", n=seen.compared),
        Measurement("baseline_flipped", seen.share(seen.flipped), "%", n=seen.compared),
        Measurement("baseline_difference", seen.largest, n=seen.compared),
        Measurement("baseline_tolerance", seen.comparer.tolerance),
        Measurement("baseline_ties", seen.ties, n=seen.compared),
        *seen.told(),
        Evidence("text", "baseline", {"text": text}),
    ]


@check(
    measures=("explored_answers", "explored_difference", "explored_tolerance", "explored_ties"),
    applies=_explores,
)
def check_explore(contract: Contract, endpoint: Endpoint) -> Told:
    """New requests have one answer, asked twice, and asked as one batch and as two."""
    relation = room.explored(contract, endpoint.base_url)
    return _told(relation, "explored_answers", "explored")
