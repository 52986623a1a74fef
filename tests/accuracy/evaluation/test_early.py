"""When an evaluation may end: as soon as every limit is decided, and not before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.accuracy.backends.base import Answers
from harness.accuracy.counting import Counts, Scheme, count
from harness.accuracy.datasets import Batch
from harness.accuracy.evaluation.early import Terms, decided, looks, may_end_early
from harness.config import Gate
from harness.limits import Limit


def _counts(n: int, b: int = 0, c: int = 0, w: int = 0, classes: int = 2) -> Counts:
    """n rows, among them b harmed, c mended, w from wrong to wrong, spread over the classes."""
    labels = np.arange(n) % classes
    wrong = labels + classes
    first, second = labels.copy(), labels.copy()
    second[:b] = wrong[:b]
    first[b : b + c] = wrong[b : b + c]
    first[b + c : b + c + w] = wrong[b + c : b + c + w]
    second[b + c : b + c + w] = wrong[b + c : b + c + w] + 1
    rows = Batch(np.arange(n), {}, labels, {})
    none = np.zeros(n, bool)
    return count(rows, Answers(first, none), Answers(second, none), Scheme("accuracy"))


def _terms(limits: dict[str, str], *, patient: bool = False) -> Terms:
    return Terms(0.95, {name: Limit.parse(text) for name, text in limits.items()}, patient)


@pytest.mark.parametrize(
    ("counts", "limits", "expected"),
    [
        (_counts(4_000), {"drop": "<= 0.5 pp"}, True),  # kept
        (_counts(500), {"drop": "<= 0.5 pp"}, False),  # too few rows to tell
        (_counts(1_000, b=60, c=10), {"drop": "<= 0.5 pp"}, True),  # missed
        (_counts(4_000, b=20), {"drop": "<= 0.5 pp"}, False),  # at the margin
        (_counts(4_000), {"drop": "<= 0.5 pp", "agreement": ">= 95 %"}, True),
        (_counts(4_000, w=200), {"drop": "<= 0.5 pp", "agreement": ">= 95 %"}, False),
        (_counts(4_000, w=800), {"drop": "<= 0.5 pp", "agreement": ">= 95 %"}, True),
        (_counts(500, w=300), {"drop": "<= 0.5 pp", "agreement": ">= 95 %"}, False),  # what drop?
        (_counts(4_000), {"worst_slice_drop": "<= 5 pp"}, True),
        (_counts(4_000, classes=400), {"worst_slice_drop": "<= 5 pp"}, False),  # of ten rows each
        (_counts(4_000), {"drop": "<= 0.5 pp", "kl": "<= 0.1"}, False),  # has no such interval
        (_counts(4_000), {"candidate_accuracy": ">= 99 %"}, True),
        (_counts(4_000), {}, False),  # nobody asked for anything
    ],
)
def test_the_end_comes_with_the_last_limit_or_the_first_miss(
    counts: Counts, limits: dict[str, str], expected: bool
) -> None:
    assert decided(counts, _terms(limits)) is expected


def test_a_waived_miss_does_not_end_it() -> None:
    """The rest of the limits still matters then."""
    counts = _counts(1_000, b=60, c=10)
    limits = {"drop": "<= 0.5 pp", "agreement": ">= 93 %"}
    assert decided(counts, _terms(limits))
    assert not decided(counts, _terms(limits, patient=True))


@pytest.mark.parametrize("blocks", [1, 2, 3, 50, 2_442])
def test_looks_come_before_the_end_and_grow_apart(blocks: int) -> None:
    found = list(looks(blocks))
    assert found == sorted(set(found)) and found[:1] == ([1] if blocks > 1 else [])
    assert all(0 < seen < blocks for seen in found)
    assert len(found) < 140


@pytest.mark.parametrize(
    ("change", "rows", "expected"),
    [
        ({}, 10_000, True),
        ({}, 9_999, False),
        ({"early": False}, 10_000, False),
        ({"clusters": "user"}, 10_000, False),
        ({"metric": "f1"}, 10_000, False),
        ({"metric": "topk"}, 10_000, True),
    ],
)
def test_looking_early_is_for_large_sets_of_independent_rows(
    gate: Gate, change: dict[str, Any], rows: int, expected: bool
) -> None:
    assert gate.accuracy is not None
    config = gate.accuracy.model_copy(update=change)
    assert may_end_early(config, rows) is expected


def test_the_order_of_looking_changes_nothing() -> None:
    """Counts decide, not the way to them."""
    first, second = _counts(1_500, b=2), _counts(2_500, c=3)
    terms = _terms({"drop": "<= 0.5 pp"})
    assert decided(first + second, terms) == decided(second + first, terms)
