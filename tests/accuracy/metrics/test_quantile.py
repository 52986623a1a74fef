"""Pinball loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

from harness.accuracy.counting import Counts, Scheme
from harness.accuracy.metrics import measure

Counted = Callable[..., tuple[Scheme, Counts]]


def test_it_is_what_scikit_learn_computes(counted: Counted) -> None:
    chance = np.random.default_rng(4)
    labels, first, second = chance.normal(size=(3, 300))
    scheme, counts = counted(labels, first, second, metric="quantile", quantile=0.9, blocks=2)
    found = measure(scheme, counts, 0.9, 1)
    expected = [mean_pinball_loss(labels, side, alpha=0.9) for side in (first, second)]
    assert [found.reference, found.candidate] == pytest.approx(expected)
    assert found.drop.value == pytest.approx(100 * (expected[1] / expected[0] - 1))
