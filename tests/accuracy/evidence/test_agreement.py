"""The flip ledger as a check shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import Evidence, Finding, Measurement
from harness.accuracy.backends import Answers
from harness.accuracy.comparison import Comparison
from harness.accuracy.evidence import agreement_evidence, classifies
from harness.accuracy.statistics import wilson
from harness.config import Gate

Compared = Callable[..., Comparison]
MakeGate = Callable[..., Gate]
LABELS = np.arange(400) % 4
CHANGED = np.where(np.arange(400) < 20, (LABELS + 1) % 4, LABELS)


def _measured(found: list[Any]) -> dict[str, Measurement]:
    return {item.name: item for item in found if isinstance(item, Measurement)}


def _said(found: list[Any], rule: str) -> str:
    return next(f.message for f in found if isinstance(f, Finding) and f.rule == rule)


def _drawn(found: list[Any], kind: str) -> Evidence:
    return next(item for item in found if isinstance(item, Evidence) and item.kind == kind)


def test_equal_answers_are_a_share_with_an_interval(compared: Compared) -> None:
    measured = _measured(agreement_evidence(compared(LABELS, LABELS, CHANGED)))
    expected = wilson(380, 400, 0.9).scaled(100)
    agreement = measured["agreement"]
    assert (agreement.value, agreement.low, agreement.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert (measured["churn"].value, measured["flip_rate"].value) == pytest.approx((5, 5))


def test_rows_of_a_cluster_widen_it(compared: Compared) -> None:
    users = np.arange(400) // 20
    alone = _measured(agreement_evidence(compared(LABELS, LABELS, CHANGED)))["agreement"]
    found = agreement_evidence(compared(LABELS, LABELS, CHANGED, clusters=users))
    together = _measured(found)["agreement"]
    assert together.value == pytest.approx(alone.value)
    assert together.low is not None and alone.low is not None
    assert together.low < alone.low - 3


def test_logits_are_compared_without_an_epsilon(compared: Compared) -> None:
    scores = 5 * np.eye(4)[LABELS]
    found = agreement_evidence(compared(LABELS, scores, scores + 0.1 * np.eye(4)[CHANGED]))
    measured = _measured(found)
    assert 30 < measured["sqnr"].value < 40
    assert measured["sqnr"].unit == "dB"
    assert 0.99 < measured["cosine"].value <= 1
    assert measured["divergence"].value > 0
    assert (
        "Kullback-Leibler divergence of the softmax of the logits, which needs no epsilon"
        in _said(found, "outputs")
    )


def test_of_quantized_probabilities_the_floor_is_printed(compared: Compared) -> None:
    chance = np.random.default_rng(0)
    smooth = chance.dirichlet(np.ones(4), 400)
    coarse = np.round(smooth * 256) / 256
    said = _said(agreement_evidence(compared(LABELS, smooth, coarse)), "outputs")
    assert "those under 0.00195 (half of the output's quantization step) raised to it" in said


def test_equal_outputs_are_a_finite_measurement(compared: Compared) -> None:
    scores = np.eye(4)[LABELS]
    found = agreement_evidence(compared(LABELS, scores, scores))
    assert _measured(found)["sqnr"].value == 320
    assert "every output is the same" in _said(found, "outputs")


def test_bare_classes_have_no_outputs_to_compare(compared: Compared) -> None:
    found = agreement_evidence(compared(LABELS, np.eye(4)[LABELS], LABELS))
    assert "sqnr" not in _measured(found)
    said = _said(found, "outputs")
    assert said.endswith("the candidate gives one value a row, which is taken for a class")


def test_a_matrix_shows_what_answers_became(compared: Compared) -> None:
    data = _drawn(agreement_evidence(compared(LABELS, LABELS, CHANGED)), "matrix").data
    assert data["rows"] == data["columns"] == list("0123")
    assert (data["down"], data["across"]) == ("reference", "candidate")
    assert data["cells"] == [[0, 5, 0, 0], [0, 0, 5, 0], [0, 0, 0, 5], [5, 0, 0, 0]]


def test_rows_without_an_answer_are_a_column_of_the_matrix(compared: Compared) -> None:
    silent = Answers(LABELS[3:], np.arange(400) < 3)
    data = _drawn(agreement_evidence(compared(LABELS, LABELS, silent)), "matrix").data
    assert data["rows"] == ["none", "0", "1", "2"]
    assert [row[0] for row in data["cells"]] == [0, 1, 1, 1]


def test_of_many_classes_the_matrix_shows_those_that_changed_most(compared: Compared) -> None:
    labels = np.arange(3_000) % 60
    changed = np.where(np.arange(3_000) % 2, labels, (labels + 2) % 60)
    chart = _drawn(agreement_evidence(compared(labels, labels, changed)), "matrix")
    assert chart.title.endswith(": the 20 classes with most of them")
    assert len(chart.data["cells"]) == len(chart.data["cells"][0]) == 20


def test_margins_tell_how_close_the_changed_answers_were(compared: Compared) -> None:
    first = np.where(np.eye(2)[LABELS % 2] > 0, 0.55, 0.45)
    second = np.where(np.arange(400)[:, None] < 20, first[:, ::-1], first)
    found = agreement_evidence(compared(LABELS % 2, first, second))
    data = _drawn(found, "histogram").data
    assert sum(data["counts"]) == 20 and len(data["edges"]) == len(data["counts"]) + 1
    assert "decided by a margin under 0.15" in _said(found, "changed-answers")


def test_flips_are_shown_with_both_outputs(compared: Compared) -> None:
    scores = np.array([[0.1, 0.9], [0.8, 0.2]])
    found = agreement_evidence(compared([1, 0], scores, [[0.6, 0.4], [0.8, 0.2]]))
    assert _drawn(found, "text").data["text"] == (
        "row 0: label 1, reference 1, candidate 0 (worse)\n"
        "  reference: 0.1 0.9\n  candidate: 0.6 0.4"
    )


def test_of_a_flip_for_the_better_it_is_said_that_the_answer_is_right_now(
    compared: Compared,
) -> None:
    found = agreement_evidence(compared([1, 2], [0, 0], [1, 1]))
    shown = _drawn(found, "text").data["text"].splitlines()
    assert shown[0].endswith("candidate 1 (now right)")
    assert shown[1].endswith("candidate 1 (changed)")


def test_lone_scores_stand_beside_their_row(compared: Compared) -> None:
    first, second = np.array([[0.8], [0.1], [0.9], [0.2]]), np.array([[0.4], [0.1], [0.9], [0.2]])
    found = agreement_evidence(compared([1, 0, 1, 0], first, second, metric="auroc"))
    shown = _drawn(found, "text")
    assert shown.data["text"] == "row 0: label 1, reference 1, candidate 0 (worse): 0.8 became 0.4"


def test_only_the_first_rows_are_shown(compared: Compared) -> None:
    found = agreement_evidence(compared(LABELS, LABELS, (LABELS + 1) % 4))
    shown = _drawn(found, "text")
    assert len(shown.data["text"].splitlines()) == 16 and shown.title == "First changed answers"


def test_the_file_with_all_of_them_is_named(compared: Compared) -> None:
    found = agreement_evidence(replace(compared(LABELS, LABELS, CHANGED), ledger="flips.jsonl"))
    assert "all of them are in flips.jsonl" in _said(found, "changed-answers")
    assert _drawn(found, "text").data["text"].startswith("all changed answers: flips.jsonl\n")


@pytest.mark.parametrize(
    ("metric", "why"),
    [("accuracy", ""), ("auroc", ""), ("mae", "metric 'mae' compares numbers"), ("m:f", "'m:f'")],
)
def test_numbers_do_not_agree_or_differ(
    make_gate: MakeGate, tmp_path: Path, metric: str, why: str
) -> None:
    for name in ("d.npz", "a.onnx", "b.onnx"):
        (tmp_path / name).touch()
    gate = make_gate(dataset="d.npz", reference="a.onnx", candidate="b.onnx", metric=metric)
    assert why in classifies(gate)
    assert bool(classifies(gate)) == bool(why)


def test_of_a_single_cluster_nothing_is_known(compared: Compared) -> None:
    labels = np.arange(100) % 3
    share = _measured(agreement_evidence(compared(labels, labels, labels, clusters=labels * 0)))
    assert (share["agreement"].low, share["agreement"].high) == (0, 100)
