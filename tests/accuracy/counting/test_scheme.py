"""How rows will be counted follows from gate.toml and from what models answer at first."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from harness.accuracy.backends import Answers
from harness.accuracy.counting import Scheme
from harness.accuracy.counting.scheme import same_form
from harness.accuracy.errors import ModelError
from harness.config import AccuracyConfig

LABELS = np.arange(60) % 3
SOFTMAX = np.eye(3)[LABELS] * 0.7 + 0.1
INT8 = np.round(SOFTMAX * 256) / 256


def _probed(reference: Any, candidate: Any, labels: Any = LABELS, **accuracy: Any) -> Scheme:
    config = AccuracyConfig(dataset="d.npz", reference="a.onnx", candidate="b.onnx", **accuracy)
    first, second = (np.asarray(x) for x in (reference, candidate))
    return Scheme.probed(config, labels, _all(first), _all(second))


def _all(values: np.ndarray) -> Answers:
    return Answers(values, np.zeros(len(values), bool))


def test_a_scheme_survives_json() -> None:
    scheme = _probed(SOFTMAX, SOFTMAX, slices=["a", "b"], clusters="u", metric="f1", positive="1")
    assert Scheme.of(json.loads(json.dumps(scheme.fields()))) == scheme


def test_rows_that_sum_to_one_are_probabilities_and_others_logits() -> None:
    assert _probed(SOFTMAX, INT8).scale == "probabilities"
    assert _probed(SOFTMAX * 3, SOFTMAX).scale == "logits"
    assert _probed(LABELS, SOFTMAX).scale == ""


def test_the_floor_is_half_of_the_quantized_outputs_step() -> None:
    values = np.random.default_rng(0).integers(0, 250, (60, 2)) / 256
    coarse = np.column_stack([values[:, 0], 1 - values[:, 0]])
    fine = np.random.default_rng(1).random(60)
    smooth = np.column_stack([fine, 1 - fine])
    assert _probed(smooth, coarse, labels=LABELS % 2).floor == pytest.approx(1 / 512)
    assert _probed(smooth, smooth, labels=LABELS % 2).floor == 0


def test_rows_without_a_usable_answer_decide_nothing() -> None:
    broken = SOFTMAX.copy()
    broken[::2] = np.nan
    assert _probed(SOFTMAX, broken).scale == "probabilities"


def test_a_model_that_answers_nothing_at_first_may_answer_later() -> None:
    silent = Answers(np.empty(0), np.ones(60, bool))
    config = AccuracyConfig(dataset="d.npz", reference="a.onnx", candidate="served")
    scheme = Scheme.probed(config, LABELS, _all(SOFTMAX), silent)
    assert scheme.widths == (3, -1)
    same_form(scheme, 1, scheme.interpret(_all(SOFTMAX), 1))


def test_a_form_that_changes_is_refused() -> None:
    scheme = _probed(SOFTMAX, SOFTMAX)
    with pytest.raises(ModelError, match="answered 3 scores a row, then none"):
        same_form(scheme, 0, scheme.interpret(_all(LABELS), 0))


def test_a_lone_score_outside_of_zero_to_one_is_a_logit() -> None:
    labels, scores = LABELS % 2, np.linspace(-2, 3, 60)
    assert _probed(scores, scores, labels, metric="auroc").thresholds == (0.0, 0.0)
    shares = scores / 10 + 0.5
    assert _probed(shares, shares, labels, metric="auroc").thresholds == (0.5, 0.5)


def test_one_model_may_be_exported_with_the_sigmoid_and_the_other_without() -> None:
    labels, scores = LABELS % 2, np.linspace(-3, 3, 60)
    sigmoid = 1 / (1 + np.exp(-scores))
    scheme = _probed(scores, sigmoid, labels, metric="auroc")
    first = scheme.interpret(_all(scores), 0).classes
    assert first.tolist() == scheme.interpret(_all(sigmoid), 1).classes.tolist()
    assert Scheme.of(scheme.fields()) == scheme
