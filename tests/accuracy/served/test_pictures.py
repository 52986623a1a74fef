"""Pictures in every layout, turned and resized."""

from __future__ import annotations

import numpy as np
import pytest

from harness.accuracy.served.pictures import changes


def _changed(shape: tuple[int, ...], wanted: str) -> list[int]:
    rows = np.arange(2 * int(np.prod(shape))).reshape(2, *shape)
    made = {text: change for text, change in changes(shape)}
    found = made[wanted](rows)
    assert found.shape == rows.shape
    return [int(pixel) for pixel in found.reshape(2, -1)[0]]


def test_flat_squares_are_pictures() -> None:
    assert _changed((16,), "mirrors pictures left to right")[:4] == [3, 2, 1, 0]
    assert _changed((16,), "swaps rows and columns of pictures")[:4] == [0, 4, 8, 12]


def test_channels_first_and_last() -> None:
    assert _changed((4, 4, 3), "swaps red and blue")[:6] == [2, 1, 0, 5, 4, 3]
    assert _changed((3, 4, 4), "swaps red and blue")[:2] == [32, 33]
    assert _changed((3, 4, 4), "turns pictures upside down")[:4] == [12, 13, 14, 15]


def test_pictures_that_were_small_once() -> None:
    text = "shrinks pictures to half and enlarges them again (nearest)"
    assert _changed((4, 4), text)[:8] == [0, 0, 2, 2, 0, 0, 2, 2]


@pytest.mark.parametrize("shape", [(13,), (9,), (2, 50), (7, 7, 5), ()])
def test_what_can_be_no_picture_is_left_alone(shape: tuple[int, ...]) -> None:
    assert list(changes(shape)) == []


@pytest.mark.parametrize("shape", [(16,), (8, 6), (8, 8, 3), (3, 8, 8)])
def test_every_change_keeps_the_shape(shape: tuple[int, ...]) -> None:
    rows = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    for text, change in changes(shape):
        assert change(rows).shape == rows.shape, text
