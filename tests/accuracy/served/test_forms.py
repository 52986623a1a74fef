"""Answers of a file and of a service, brought to one form."""

from __future__ import annotations

import numpy as np
import pytest

from harness.accuracy.errors import ModelError
from harness.accuracy.served.forms import form_of, numbers, same, sigmoid, softmax

LOGITS = np.random.default_rng(0).normal(0, 2, (40, 3)).astype(np.float32)
SCORES = softmax(LOGITS).astype(np.float32)
CLASSES = LOGITS.argmax(axis=1)
NAMES = np.asarray(["cat", "dog", "owl"])


def test_scores_are_compared_as_they_are() -> None:
    form = form_of(LOGITS, LOGITS.astype(np.float64))
    assert (form.name, form.exact) == ("", True)
    assert same(form.of_file(LOGITS), LOGITS, 0.0).all()


def test_json_carries_every_bit_of_a_float32() -> None:
    """Doubles of the same number are equal to it; the next float32 is not."""
    assert same(SCORES, SCORES.astype(np.float64), 0.0).all()
    assert not same(SCORES, np.nextafter(SCORES, np.float32(1)), 0.0).any()
    assert same(SCORES, np.nextafter(SCORES, np.float32(1)), 1e-6).all()


def test_nan_equals_nan() -> None:
    holed = np.asarray([[np.nan, 1.0]], np.float32)
    assert same(holed, holed, 0.0).all()
    assert not same(holed, np.ones((1, 2)), 1.0).any()


def test_softmax_and_sigmoid_are_a_services_right() -> None:
    form = form_of(LOGITS, softmax(LOGITS))
    assert (form.name, form.exact) == ("softmax of the scores", False)
    one = LOGITS[:, :1]
    assert form_of(one, sigmoid(one)).name == "sigmoid of the scores"


def test_softmax_of_probabilities_is_not() -> None:
    assert form_of(SCORES, softmax(SCORES)).name == ""


def test_a_class_for_scores() -> None:
    form = form_of(SCORES, CLASSES)
    assert form.name == "the class with the highest score"
    assert same(form.of_file(SCORES), CLASSES, 0.0).all()


def test_names_for_classes() -> None:
    said = NAMES[CLASSES]
    said[0] = "dog" if said[0] != "dog" else "owl"
    form = form_of(SCORES, said)
    assert form.name == "names of classes (0 'cat', 1 'dog', 2 'owl')"
    assert same(form.of_file(SCORES), numbers(said), 0.0).tolist() == [False] + [True] * 39


def test_one_probability_for_two_and_two_for_one() -> None:
    two = softmax(LOGITS[:, :2]).astype(np.float32)
    assert form_of(two, two[:, 1]).name == "the score of class 1"
    assert form_of(two[:, 1:], two).name == "both probabilities"


def test_other_widths_cannot_be_compared() -> None:
    with pytest.raises(ModelError, match="the service answers 2 numbers a row and the file 3"):
        form_of(SCORES, SCORES[:, :2])
