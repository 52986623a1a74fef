"""A reference that knows nothing of the labels is no measure of anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness import Finding, Severity
from harness.accuracy.comparison import Comparison
from harness.accuracy.evidence import drop_evidence
from harness.accuracy.evidence.reference import beyond_chance

Compared = Callable[..., Comparison]
LABELS = np.arange(600) % 3
WEAK = np.where(np.arange(600) % 5 < 3, LABELS, 0)  # right on most rows
RARE = (np.arange(600) % 100 == 0).astype(int)


def _doubts(comparison: Comparison) -> list[str]:
    return [
        item.message
        for item in drop_evidence(comparison)
        if isinstance(item, Finding) and item.rule == "reference-at-chance"
        if item.severity is Severity.DOUBT
    ]


@pytest.mark.parametrize(
    ("labels", "answers"),
    [
        (LABELS, (LABELS + 1) % 3),
        (np.array(["a", "b", "c"])[LABELS], np.array(["a ", "b ", "c "])[LABELS]),
        (LABELS, np.zeros(600, int)),
        (LABELS, np.arange(600) // 3 % 3),
        (RARE, RARE * 0),
    ],
    ids=["numbered otherwise", "spelt otherwise", "constant", "unrelated", "never the rare one"],
)
def test_a_reference_at_chance_is_a_doubt(compared: Compared, labels: Any, answers: Any) -> None:
    (said,) = _doubts(compared(labels, answers, answers))
    assert "a candidate cannot lose against it" in said


@pytest.mark.parametrize(
    ("labels", "answers"),
    [
        (LABELS, LABELS),
        (LABELS, WEAK),
        (LABELS * 0, LABELS),
        (RARE, np.where(np.arange(600) % 40 == 0, 1, RARE)),
        (LABELS[:6], LABELS[:6]),
    ],
    ids=["right", "weak", "rows of one label", "more false alarms than hits", "six rows"],
)
def test_a_reference_that_knows_something_is_none(
    compared: Compared, labels: Any, answers: Any
) -> None:
    assert _doubts(compared(labels, answers, answers)) == []


def test_an_area_under_the_curve_of_the_wrong_class_is_a_doubt(compared: Compared) -> None:
    scores = np.linspace(0, 1, 600, endpoint=False)
    labels = (scores > 0.5).astype(int)
    assert _doubts(compared(labels, scores, scores, metric="auroc")) == []
    assert "0 %" in _doubts(compared(labels, scores, scores, metric="auroc", positive="0"))[0]


def test_a_regression_worse_than_the_mean_is_a_doubt(compared: Compared) -> None:
    labels = np.sin(np.arange(600.0))
    assert _doubts(compared(labels, labels + 0.1, labels, metric="r2")) == []
    assert "variance" in _doubts(compared(labels, -labels, -labels, metric="r2"))[0]


def test_chance_agreement_is_told_as_in_fleiss_cohen_and_everitt() -> None:
    """Independent columns by construction, and the same with a few rows more on the diagonal."""
    keys = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
    assert not beyond_chance(keys, np.array([40, 10, 40, 10]), 0.95)
    assert beyond_chance(keys, np.array([45, 5, 35, 15]), 0.95)
