"""Noise of weights is told for each output: a large one cannot hide what small ones lost."""

from __future__ import annotations

import numpy as np
import pytest

from harness.accuracy.layers.weights import compared, dequantized, per_channel

LARGE_AND_SMALL = np.array([[1000.0, -1000.0], [1.0, -0.5]])


def test_one_scale_for_all_loses_the_small_output() -> None:
    step = 1000 / 127
    found = compared(LARGE_AND_SMALL, np.rint(LARGE_AND_SMALL / step) * step, 1)
    assert found.ratio == pytest.approx(0.5, abs=1e-4)  # the whole of one of two outputs
    assert found.per_channel < 1e-4
    assert found.scales == 1


def test_an_output_of_zeros_has_no_noise() -> None:
    zeros = np.zeros((2, 3))
    assert compared(zeros, zeros, 1).ratio == 0.0
    assert per_channel(zeros).tolist() == zeros.tolist()


def test_a_scale_for_each_output_has_127_steps() -> None:
    assert per_channel(np.array([[127.0, 3.4]])).tolist() == [[127.0, 3.0]]


def test_scales_belong_to_their_dimension() -> None:
    values = np.array([[1, 2], [3, 4]], np.int8)
    scale, zero = np.array([1.0, 10.0]), np.zeros(2, np.int8)
    assert dequantized(values, scale, zero, 0).tolist() == [[1, 2], [30, 40]]
    assert dequantized(values, scale, zero, 1).tolist() == [[1, 20], [3, 40]]


def test_a_zero_point_is_taken_off() -> None:
    values = np.array([[128, 130]], np.uint8)
    one = dequantized(values, np.array(0.5), np.array(128, np.uint8), 0)
    assert one.tolist() == [[0.0, 1.0]]


def test_a_normalisation_that_was_folded_in_is_no_noise() -> None:
    rows = np.array([[1.0, -2.0, 3.0], [0.5, 0.25, -0.5], [2.0, 1.0, 0.0]])
    folded = rows * np.array([[30.0], [-0.1], [4.0]])
    assert compared(rows, folded, 3).ratio == pytest.approx(0, abs=1e-20)


def test_an_output_that_is_lost_is_lost_beside_folded_ones() -> None:
    rows = np.array([[1.0, -2.0], [0.5, 0.25], [2.0, 1.0]])
    folded = rows * np.array([[30.0], [0.0], [4.0]])
    assert compared(rows, folded, 1).ratio == pytest.approx(1 / 3)
