"""Counting: every row lands in one cell, and parts add up to the whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.accuracy.backends import Answers
from harness.accuracy.counting import Counts, Scheme, Table
from harness.accuracy.counting.counts import MOST_PAIRS, SLICE_VALUES
from harness.accuracy.counting.predictions import NONE
from harness.accuracy.errors import DatasetError, ModelError

Counted = Callable[..., Counts]


def test_each_row_lands_in_its_cell(counted: Counted) -> None:
    """Both right, lost, won, wrong in two ways, wrong in the same way."""
    counts = counted([0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [0, 1, 0, 2, 1])
    assert counts.table() == Table(n=5, both_right=1, b=1, c=1, w=1)
    assert counts.table().reference_accuracy == pytest.approx(40.0)
    assert counts.same == 2


def test_a_row_without_an_answer_is_wrong_and_agrees_with_nothing(counted: Counted) -> None:
    silent = Answers(np.array([7]), np.array([True, False]), "status 500")
    counts = counted([3, 7], silent, silent, ids=[40, 41])
    assert counts.table() == Table(n=2, both_right=1, w=1)
    flip = next(counts.flips.records())
    assert (flip.row, flip.reference, flip.candidate) == (40, "none", "none")
    assert [(odd.unanswered, odd.unanswered_row, odd.problem) for odd in counts.odd] == [
        (1, 40, "status 500")
    ] * 2


def test_a_row_with_nan_is_counted_with_its_number(counted: Counted) -> None:
    scores = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])
    broken = np.where([[False, False], [True, False], [True, True]], np.nan, scores)
    counts = counted([1, 1, 1], scores, broken, ids=[5, 6, 7])
    assert (counts.odd[0].not_finite, counts.odd[1].not_finite) == (0, 2)
    assert counts.odd[1].not_finite_row == 6
    assert counts.table() == Table(n=3, both_right=1, b=2)
    assert counts.divergence.rows == 1


def test_classes_and_slices_have_tables_of_their_own(counted: Counted) -> None:
    counts = counted([10, 2, 2], [10, 2, 2], [10, 2, 9], group=["a", "a", "b"], size=[0.5, 0.5, 2])
    assert list(counts.by_class()) == ["2", "10"]
    assert counts.by_class()["2"] == Table(n=2, both_right=1, b=1)
    assert counts.by_slice()["group"]["b"] == Table(n=1, b=1)
    assert list(counts.by_slice()["size"]) == ["0.5", "2.0"]


def test_pairs_of_answers_are_counted_with_their_label(counted: Counted) -> None:
    silent = Answers(np.array([1, 2, 1]), np.array([False, False, False, True]))
    counts = counted([1, 1, 1, 1], [1, 1, 1, 1], silent)
    assert counts.pairs is not None
    assert counts.pairs.keys.tolist() == [[1, 1, NONE], [1, 1, 1], [1, 1, 2]]
    assert counts.pairs.sums[:, 0].tolist() == [1, 2, 1]


def test_clusters_have_sums_of_their_own(counted: Counted) -> None:
    counts = counted([0] * 4, [0, 0, 1, 1], [0, 1, 0, 1], clusters=["u", "v", "v", "v"])
    assert counts.clusters.keys[:, 0].tolist() == ["u", "v"]
    assert counts.clusters.sums.tolist() == [[1, 0, 0, 1], [3, 1, 1, 1]]


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 4), min_size=2, max_size=60), st.data())
@settings(max_examples=60, deadline=None)
def test_parts_add_up(
    counted: Counted, rows: list[tuple[int, int, int, int]], data: st.DataObject
) -> None:
    """Counted in two portions or in one: the same counts, also after a way through JSON."""
    cut = data.draw(st.integers(1, len(rows) - 1))
    labels, first, second, group = np.asarray(rows).T
    whole = counted(labels, first, second, clusters=group, group=group)
    sides = [
        counted(labels[at], first[at], second[at], clusters=group[at], group=group[at])
        for at in (slice(cut), slice(cut, None))
    ]
    parts = Counts.of(*sides[0].fields()) + Counts.of(*sides[1].fields())
    assert (parts.table(), parts.same) == (whole.table(), whole.same)
    assert (parts.by_class(), parts.by_slice()) == (whole.by_class(), whole.by_slice())
    for name in ("pairs", "clusters"):
        for part in ("keys", "sums"):
            found, expected = (getattr(getattr(c, name), part) for c in (parts, whole))
            assert found.tolist() == expected.tolist()
    assert sum(whole.by_class().values(), Table()) == whole.table()
    assert [flip.label for flip in parts.flips.records()] == [
        flip.label for flip in whole.flips.records()
    ]


def test_text_of_different_lengths_adds_up(counted: Counted) -> None:
    first = counted(["ham"], ["ham"], ["ham"], group=["x"])
    second = counted(["letter"], ["letter"], ["ham"], group=["yyyy"])
    both = first + second
    assert both.by_class() == {"ham": Table(1, 1), "letter": Table(1, b=1)}
    assert list(both.by_slice()["group"]) == ["x", "yyyy"]


def test_answers_that_are_all_different_are_not_kept_apart(counted: Counted) -> None:
    """Text that nobody could call a class: the table stays, the classes go, in any order."""
    half = MOST_PAIRS // 2 + 1
    names = np.arange(2 * half).astype(str)
    parts = [counted(part, part, part) for part in np.split(names, 2)]
    for both in (parts[0] + parts[1], parts[1] + parts[0], parts[0] + parts[1] + parts[0]):
        assert both.pairs is None
        assert both.by_class() == {}
    assert (parts[0] + parts[1]).table() == Table(2 * half, 2 * half)


def test_a_label_that_no_score_stands_for(counted: Counted) -> None:
    """Labels that count from 1 are the usual cause."""
    scores = [[0.1, 0.9], [0.1, 0.9]]
    with pytest.raises(ModelError, match=r"label 2 of row 1 is not among the 2 classes.*0 to 1"):
        counted([1, 2], scores, [1, 1])


def test_text_labels_need_text_answers(counted: Counted) -> None:
    with pytest.raises(ModelError, match="labels are text, but the reference answers numbers"):
        counted(["cat"], [0], [0])


def test_models_of_different_classes_cannot_be_compared(counted: Counted) -> None:
    with pytest.raises(ModelError, match="scores for 3 classes, the candidate for 2"):
        counted([0], [[0.1, 0.2, 0.7]], [[0.4, 0.6]])


def test_a_column_of_identifiers_makes_no_slices(counted: Counted) -> None:
    many = SLICE_VALUES + 1
    with pytest.raises(DatasetError, match="'user' has more than 1000 values"):
        counted([0] * many, [0] * many, [0] * many, user=list(range(many)))


def test_what_a_block_costs_does_not_grow_with_the_blocks_before(counted: Counted) -> None:
    """Of a sum only the first flips are kept; a ledger has had them all."""
    block = counted([0] * 60, [0] * 60, [1] * 60)
    assert len(block.flips) == 60
    assert len((block + block).flips) == 50


def test_labels_that_become_text_are_told_with_the_row(counted: Counted) -> None:
    scheme = Scheme(metric="accuracy", text=False)
    with pytest.raises(DatasetError, match="numbers in the first rows, and text from row 7 on"):
        counted(["a", "b"], ["a", "b"], ["a", "b"], ids=[7, 8], scheme=scheme)
