"""Counting: every row lands in one cell, and parts add up to the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.accuracy.errors import DatasetError, ModelError
from harness.accuracy.predictions import Answers, Predictions, interpret
from harness.accuracy.tables import SLICE_VALUES, Table, Tally


def _seen(classes: Any) -> Predictions:
    array = np.asarray(classes)
    return interpret(Answers(array, np.zeros(len(array), bool)))


def _ids(count: int) -> NDArray[np.int64]:
    return np.arange(count, dtype=np.int64)


def _counted(labels: Any, reference: Any, candidate: Any, **slices: Any) -> Tally:
    tally = Tally()
    columns = {name: np.asarray(values) for name, values in slices.items()}
    pair = (_seen(reference), _seen(candidate))
    tally.add(_ids(len(labels)), np.asarray(labels), columns, pair)
    return tally


def test_each_row_lands_in_its_cell() -> None:
    """Both right, lost, won, wrong in two ways, wrong in the same way."""
    tally = _counted([0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [0, 1, 0, 2, 1])
    assert tally.table() == Table(n=5, both_right=1, b=1, c=1, w=1)
    assert tally.table().reference_accuracy == pytest.approx(40.0)
    assert tally.table().agreement(0.9).value == pytest.approx(40.0)


def test_a_row_without_an_answer_is_wrong_and_agrees_with_nothing() -> None:
    no = np.asarray([False])
    unknown = Predictions(np.asarray([0]), no, no, np.zeros((1, 0)))
    tally = Tally()
    tally.add(_ids(1), np.asarray([0]), {}, (unknown, unknown))
    assert tally.table() == Table(n=1, w=1)
    assert tally.flips[0].reference == tally.flips[0].candidate == "none"


def test_classes_and_slices_have_tables_of_their_own() -> None:
    tally = _counted([10, 2, 2], [10, 2, 2], [10, 2, 9], group=["a", "a", "b"])
    assert list(tally.by_class()) == ["2", "10"]
    assert tally.by_class()["2"] == Table(n=2, both_right=1, b=1)
    assert tally.by_slice()["group"]["b"] == Table(n=1, b=1)


def test_flips_carry_both_outputs() -> None:
    tally = Tally()
    first, second = _seen([[0.1, 0.9]]), _seen([[0.75, 0.25]])
    tally.add(np.asarray([41]), np.asarray([1]), {}, (first, second))
    flip = tally.flips[0]
    assert (flip.row, flip.label, flip.reference, flip.candidate) == (41, "1", "1", "0")
    assert flip.candidate_scores == (0.75, 0.25)
    assert flip.harmful


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=2, max_size=60), st.data())
@settings(max_examples=60, deadline=None)
def test_parts_add_up(rows: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """Counted in two portions or in one: the same counts."""
    cut = data.draw(st.integers(1, len(rows) - 1))
    columns = np.asarray(rows).T
    whole = _counted(*columns)
    parts = _counted(*columns[:, :cut]).table() + _counted(*columns[:, cut:]).table()
    assert parts == whole.table()
    assert sum(whole.by_class().values(), Table()) == whole.table()


def test_a_label_that_no_score_stands_for() -> None:
    """Labels that count from 1 are the usual cause."""
    with pytest.raises(ModelError, match=r"label 2 of row 1 is not among the 2 classes.*0 to 1"):
        _counted([1, 2], [[0.1, 0.9], [0.1, 0.9]], [1, 1])


def test_text_labels_need_text_answers() -> None:
    with pytest.raises(ModelError, match="labels are text, but the model answers numbers"):
        _counted(["cat"], [0], [0])


def test_a_column_of_identifiers_makes_no_slices() -> None:
    count = SLICE_VALUES + 1
    with pytest.raises(DatasetError, match="'user' has more than 1000 values"):
        _counted([0] * count, [0] * count, [0] * count, user=list(range(count)))
