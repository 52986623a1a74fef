"""Whole numbers for real ones: scaled, rounded, shifted and clipped."""

from __future__ import annotations

import numpy as np
import pytest

from harness.accuracy.backends.quantization import Affine, dequantized, quantized
from harness.accuracy.errors import ModelError

ROWS = np.asarray([0.0, 0.26, -0.26, 99.0], np.float32)


@pytest.mark.parametrize(
    ("dtype", "zero_point", "expected"),
    [("int8", -10, [-10, -7, -13, 127]), ("uint8", 128, [128, 131, 125, 255])],
)
def test_rows_are_scaled_rounded_shifted_and_clipped(
    dtype: str, zero_point: int, expected: list[int]
) -> None:
    """0.26 / 0.1 is 2.6: truncation would make 2 of it, not 3; 99 is beyond the scale."""
    found = Affine(np.dtype(dtype), 0.1, zero_point).quantize("x", ROWS)
    assert found.dtype == dtype
    assert found.tolist() == expected


def test_outputs_are_shifted_and_scaled() -> None:
    """An int8 softmax has scale 1/256 and zero point -128."""
    found = Affine(np.dtype("int8"), 1 / 256, -128).dequantize(np.asarray([-128, 0, 127], np.int8))
    assert found.tolist() == [0.0, 0.5, 255 / 256]


def test_what_is_not_quantized_is_left_alone() -> None:
    assert quantized({"x": ROWS}, {})["x"] is ROWS
    assert dequantized({"x": ROWS}, {})["x"] is ROWS


def test_nan_has_no_whole_number() -> None:
    with pytest.raises(ModelError, match="holds NaN, which the int8 input 'x' cannot take"):
        Affine(np.dtype("int8"), 0.1, 0).quantize("x", np.asarray([np.nan], np.float32))
