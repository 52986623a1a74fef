"""Rows whose answer changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from harness.accuracy.counting import Counts, Flip

Counted = Callable[..., Counts]


def test_a_flip_carries_both_outputs(counted: Counted) -> None:
    counts = counted([1], [[0.1, 0.9]], [[0.75, 0.25]], ids=[41])
    (flip,) = counts.flips.records()
    assert flip.margin == pytest.approx(0.8)
    assert replace(flip, margin=None) == Flip(41, "1", "1", "0", (0.1, 0.9), (0.75, 0.25), True)


def test_of_many_scores_the_highest_are_kept_with_their_classes(counted: Counted) -> None:
    first = np.zeros((1, 100))
    first[0, [3, 50, 7]] = 9.0, 8.0, 7.0
    second = np.roll(first, 1, axis=1)
    flip = next(counted([3], first, second).flips.records())
    assert flip.classes[0][:3] == (3, 50, 7)
    assert flip.classes[1][:3] == (4, 51, 8)
    assert flip.reference_scores == (9.0, 8.0, 7.0, 0.0, 0.0)


def test_margins_of_probabilities_are_binned_as_they_are(counted: Counted) -> None:
    labels = np.array([0, 0, 1])
    first = np.array([[0.51, 0.49], [0.99, 0.01], [0.5, 0.5]])
    counts = counted(labels, first, first[:, ::-1])
    assert counts.margins[0] == 1 and counts.margins[-1] == 1
    assert counts.margins.sum() == len(counts.flips) == 2


def test_margins_of_logits_are_binned_as_probabilities(counted: Counted) -> None:
    """A lead of ln 3 is 75 % against 25 % between the two."""
    first = np.array([[np.log(3) + 1e-9, 0.0, -50.0]])
    counts = counted([0], first, np.array([[0.0, 4.0, 0.0]]))
    assert counts.margins[10] == 1


def test_bare_classes_have_no_margin(counted: Counted) -> None:
    counts = counted([0], [0], [1])
    assert counts.margins.sum() == 0
    assert next(counts.flips.records()).margin is None
