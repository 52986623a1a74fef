"""What answers mean, and which answers mean nothing."""

from __future__ import annotations

import numpy as np
import pytest

from harness.accuracy.backends import Answers
from harness.accuracy.counting.predictions import (
    NO_TEXT,
    NONE,
    NUMBERS,
    OUTPUTS,
    SCORES,
    Predictions,
    interpret,
)
from harness.accuracy.errors import ModelError


def _seen(values: object, missing: list[bool] | None = None) -> Predictions:
    array = np.asarray(values)
    return interpret(Answers(array, np.asarray(missing or [False] * len(array))))


def test_scores_mean_the_highest_and_the_first_of_equals() -> None:
    assert _seen([[0.1, 0.8, 0.1], [0.4, 0.2, 0.4]]).classes.tolist() == [1, 0]


def test_dimensions_of_one_element_do_not_matter() -> None:
    assert _seen([[[[0.1, 0.9]]], [[[0.9, 0.1]]]]).classes.tolist() == [1, 0]


def test_a_single_fraction_is_a_probability_and_a_whole_number_a_class() -> None:
    assert _seen([[0.5], [0.49], [1.0]]).classes.tolist() == [1, 0, 1]
    assert _seen([3.0, 7.0]).classes.tolist() == [3, 7]
    assert _seen([True, False]).classes.tolist() == [1, 0]
    assert _seen(["cat", "dog"]).classes.tolist() == ["cat", "dog"]


def test_a_logit_is_refused() -> None:
    with pytest.raises(ModelError, match="single number -2.5"):
        _seen([[-2.5], [1.5]])


def test_of_scores_a_lone_logit_is_one() -> None:
    answers = Answers(np.array([-2.5, 0.2]), np.zeros(2, bool))
    seen = interpret(answers, SCORES, threshold=0.0)
    assert seen.classes.tolist() == [0, 1]
    assert seen.scores.shape == (2, 1)


def test_numbers_are_numbers_of_any_shape() -> None:
    seen = interpret(Answers(np.ones((2, 1, 3), np.int8), np.zeros(2, bool)), NUMBERS)
    assert seen.scores.shape == (2, 3)
    assert seen.scores.dtype == np.float64
    with pytest.raises(ModelError, match="answers the text 'cat', expected a number"):
        interpret(Answers(np.array(["cat"]), np.zeros(1, bool)), NUMBERS)


def test_outputs_stay_as_they_are() -> None:
    seen = interpret(Answers(np.array([[["a"]], [["b"]]]), np.zeros(2, bool)), OUTPUTS)
    assert seen.scores.shape == (2, 1, 1)


def test_nan_and_infinity_are_no_class() -> None:
    seen = _seen([[np.nan, 1.0], [0.2, np.inf], [0.2, 0.8]])
    assert seen.known.tolist() == [False, False, True]
    assert seen.finite.tolist() == [False, False, True]
    assert _seen([np.nan, 1.0]).known.tolist() == [False, True]


def test_rows_without_an_answer_keep_their_places() -> None:
    seen = _seen([[0.1, 0.9], [0.9, 0.1]], [False, True, False])
    assert seen.known.tolist() == [True, False, True]
    assert seen.classes[seen.known].tolist() == [1, 0]
    assert seen.finite.all()
    assert seen.scores.shape == (3, 2)


def test_what_is_not_known_is_told_as_none() -> None:
    assert _seen([3, 4], [False, True, False]).told().tolist() == [3, NONE, 4]
    assert _seen(["a"], [True, False]).told().tolist() == [NO_TEXT, "a"]


def test_no_answers_at_all() -> None:
    seen = interpret(Answers(np.empty(0), np.asarray([True, True])))
    assert not seen.known.any()


def test_an_image_is_no_score() -> None:
    with pytest.raises(ModelError, match=r"shape \(2, 3\) a row"):
        _seen(np.zeros((4, 2, 3)))


def test_a_missing_row_is_noticed() -> None:
    with pytest.raises(ModelError, match="answers 1 rows where 2"):
        interpret(Answers(np.zeros((1, 3)), np.asarray([False, False])))
