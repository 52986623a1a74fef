"""The step of a quantized output."""

from __future__ import annotations

import numpy as np
import pytest

from harness.accuracy.counting.steps import step_of


def test_int8_outputs_lie_on_a_grid() -> None:
    steps = np.random.default_rng(0).integers(-128, 128, (200, 10))
    assert step_of((steps * np.float32(0.0371)).astype(np.float32)) == pytest.approx(0.0371)


def test_real_numbers_lie_on_none() -> None:
    assert step_of(np.random.default_rng(0).random((200, 10))) == 0
    assert step_of(np.random.default_rng(0).random((10, 10))) == 0


def test_a_few_values_prove_no_grid() -> None:
    assert step_of(np.array([[0.0, 1.0]] * 50)) == 0
    assert step_of(np.array([[0.1, 0.25, 0.65]])) == 0
