"""The images: scikit-learn's digits, and as many moved and noisy copies of them as are wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

TRAINING_IMAGES = 1200  # of 1797; the others are only ever evaluated on
BRIGHTEST = 16.0
_NOISE = 1.0  # standard deviation, of pixels from 0 to 16


@dataclass(frozen=True)
class Images:
    """Rows of 64 pixels from 0 to 16, the digit of each, and whether it is a moved copy."""

    x: NDArray[np.float32]  # (n, 64)
    y: NDArray[np.int64]  # (n,)
    group: NDArray[np.str_]  # (n,) "original" or "moved"


def training(copies: int) -> Images:
    """The images to learn from, with `copies` moved copies of each."""
    x, y = _all()
    return _with_copies(x[:TRAINING_IMAGES], y[:TRAINING_IMAGES], copies, seed=1)


def evaluation(copies: int) -> Images:
    """The images that training never saw, with `copies` moved copies of each.

    The copies of one image resemble each other: what is measured on them says how two models
    differ on such pixels, not how well either reads the hand of a stranger.
    """
    x, y = _all()
    return _with_copies(x[TRAINING_IMAGES:], y[TRAINING_IMAGES:], copies, seed=2)


def _all() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    return digits.data[order].astype(np.float32), digits.target[order].astype(np.int64)


def _with_copies(x: NDArray[np.float32], y: NDArray[np.int64], copies: int, seed: int) -> Images:
    dice = np.random.default_rng(seed)
    moved = [_moved(x, dice) for _ in range(copies)]
    group = np.repeat(["original", "moved"], [len(x), copies * len(x)])
    return Images(np.concatenate([x, *moved]), np.tile(y, copies + 1), group)


def _moved(x: NDArray[np.float32], dice: np.random.Generator) -> NDArray[np.float32]:
    """Each image up to one pixel to any side, with noise, as whole numbers from 0 to 16."""
    framed = np.pad(x.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    corners = dice.integers(0, 3, (len(x), 2))
    places = zip(framed, corners, strict=True)
    shifted = np.stack([image[top:top + 8, left:left + 8] for image, (top, left) in places])
    noisy = shifted + dice.normal(0, _NOISE, shifted.shape)
    return np.clip(np.rint(noisy), 0, BRIGHTEST).astype(np.float32).reshape(-1, 64)
