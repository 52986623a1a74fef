"""How rows are made to fit a model's input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.accuracy.backends import Slot
from harness.accuracy.backends.base import fit
from harness.accuracy.errors import ModelError


def _slot(dtype: str, *shape: int | None) -> Slot:
    return Slot("x", np.dtype(dtype), shape)


@pytest.mark.parametrize(
    ("given", "wanted", "result"),
    [
        ((8, 8), (8, 8, 1), (2, 8, 8, 1)),
        ((8, 8, 1), (None, 8), (2, 8, 8)),
        ((), (1,), (2, 1)),
        ((1,), (), (2,)),
    ],
)
def test_dimensions_of_one_element_come_and_go(given: Any, wanted: Any, result: Any) -> None:
    assert fit(np.zeros((2, *given), np.float32), _slot("f4", *wanted)).shape == result


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ModelError, match=r"is \(8, 8\), but input 'x' wants \(64\)"):
        fit(np.zeros((2, 8, 8), np.float32), _slot("f4", 64))


@pytest.mark.parametrize(
    ("given", "wanted"), [("u1", "f4"), ("f8", "f4"), ("i8", "u1"), ("i8", "i4"), ("?", "f4")]
)
def test_numbers_that_lose_nothing_are_cast(given: str, wanted: str) -> None:
    assert fit(np.ones((2, 1), given), _slot(wanted, 1)).dtype == np.dtype(wanted)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (np.full((1, 1), 300), "u1"),
        (np.full((1, 1), -1), "u1"),
        (np.full((1, 1), 0.5), "i8"),
        (np.asarray([["a"]]), "f4"),
        (np.ones((1, 1)), "U"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(rows: Any, wanted: str) -> None:
    with pytest.raises(ModelError, match="do not fit input 'x'"):
        fit(rows, _slot(wanted, 1))
