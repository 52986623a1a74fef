"""Ways in which services turn and resize pictures otherwise than their model was trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from harness.accuracy.workers import Array

Change = Callable[[Array], Array]
_CHANNELS = (1, 3, 4)
_SMALLEST = 4  # pixels of a side


def changes(shape: tuple[int, ...]) -> Iterator[tuple[str, Change]]:
    """What may have been done to rows of that shape, where they can be pictures."""
    layout = _layout(shape)
    if layout is None:
        return
    height, width, channels, first = layout
    made: list[tuple[str, Change]] = [
        ("mirrors pictures left to right", lambda p: p[:, :, ::-1]),
        ("turns pictures upside down", lambda p: p[:, ::-1]),
        ("shrinks pictures to half and enlarges them again (nearest)", partial(_halved, hard=True)),
        ("shrinks pictures to half and enlarges them again (mean)", partial(_halved, hard=False)),
        ("resizes pictures half a pixel off", _half_pixel),
        ("crops pictures to their middle 7/8 before it resizes them", _cropped),
        ("moves pictures one pixel to the right", lambda p: _moved(p, 2)),
        ("moves pictures one pixel down", lambda p: _moved(p, 1)),
    ]
    if height == width:
        made.insert(0, ("swaps rows and columns of pictures", lambda p: p.swapaxes(1, 2)))
    if channels == 3:
        made.insert(0, ("swaps red and blue", lambda p: p[..., ::-1]))
    if channels in (3, 4) and len(shape) == 3:
        made.append(("reads channels in the other layout", partial(_relaid, first=first)))
    for text, change in made:
        yield text, partial(_applied, change=change, layout=layout)


def _layout(shape: tuple[int, ...]) -> tuple[int, int, int, bool] | None:
    """Height, width, channels, and whether channels come first; of flat squares as well."""
    if len(shape) == 1:
        side = math.isqrt(shape[0])
        return (side, side, 1, False) if side * side == shape[0] and side >= _SMALLEST else None
    if len(shape) == 2 and min(shape) >= _SMALLEST:
        return (shape[0], shape[1], 1, False)
    if len(shape) == 3 and shape[2] in _CHANNELS and min(shape[:2]) >= _SMALLEST:
        return (shape[0], shape[1], shape[2], False)
    if len(shape) == 3 and shape[0] in _CHANNELS and min(shape[1:]) >= _SMALLEST:
        return (shape[1], shape[2], shape[0], True)
    return None


def _applied(rows: Array, change: Change, layout: tuple[int, int, int, bool]) -> Array:
    """`change` on pictures of shape (n, height, width, channels), and back to the rows' own."""
    height, width, channels, first = layout
    real = rows.astype(np.float64)
    if first:
        pictures = np.moveaxis(real.reshape(len(rows), channels, height, width), 1, -1)
        return np.moveaxis(change(pictures), -1, 1).reshape(rows.shape)
    return change(real.reshape(len(rows), height, width, channels)).reshape(rows.shape)


def _halved(pictures: Array, hard: bool) -> Array:
    height, width = pictures.shape[1:3]
    ys, xs = np.arange(height) // 2 * 2, np.arange(width) // 2 * 2
    kept = pictures[:, ys][:, :, xs]
    if hard:
        return kept
    ys2, xs2 = np.minimum(ys + 1, height - 1), np.minimum(xs + 1, width - 1)
    others = pictures[:, ys2][:, :, xs], pictures[:, ys][:, :, xs2], pictures[:, ys2][:, :, xs2]
    mean: Array = (kept + others[0] + others[1] + others[2]) / 4
    return mean


def _half_pixel(pictures: Array) -> Array:
    across = (pictures + _moved(pictures, 2)) / 2
    made: Array = (across + _moved(across, 1)) / 2
    return made


def _moved(pictures: Array, axis: int) -> Array:
    """One pixel on; what comes in is the edge."""
    index = np.maximum(np.arange(pictures.shape[axis]) - 1, 0)
    return np.take(pictures, index, axis=axis)


def _cropped(pictures: Array) -> Array:
    for axis in (1, 2):
        size = pictures.shape[axis]
        places = np.clip((np.arange(size) + 0.5) * 0.875 + size / 16 - 0.5, 0, size - 1)
        low = np.floor(places).astype(int)
        high = np.minimum(low + 1, size - 1)
        share = (places - low).reshape([-1 if i == axis else 1 for i in range(pictures.ndim)])
        below, above = np.take(pictures, low, axis=axis), np.take(pictures, high, axis=axis)
        pictures = below * (1 - share) + above * share
    return pictures


def _relaid(pictures: Array, first: bool) -> Array:
    """The bytes of channels-last pictures read as channels-first, or the other way round."""
    count, height, width, channels = pictures.shape
    if first:
        flat = np.moveaxis(pictures, -1, 1).reshape(count, height, width, channels)
        return flat
    return np.moveaxis(pictures.reshape(count, channels, height, width), 1, -1)
