"""Ways in which services get their inputs wrong: each a change of the rows, to be tried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from harness.accuracy.backends.quantization import Affine
from harness.accuracy.served import pictures
from harness.accuracy.workers import Array

Change = Callable[[Array], Array]
_FACTORS = {
    "1/255": 1 / 255, "255": 255.0, "1/127.5": 1 / 127.5, "1/128": 1 / 128, "1/256": 1 / 256,
    "1/16": 1 / 16, "16": 16.0, "1/100": 0.01, "100": 100.0, "1/10": 0.1, "10": 10.0,
    "1/2": 0.5, "2": 2.0, "-1": -1.0,
}  # fmt: skip
_SHIFTS = (128.0, -128.0, 127.5, -127.5, 127.0, -127.0, 1.0, -1.0, 0.5, -0.5)
_MEAN, _STD = np.asarray([0.485, 0.456, 0.406]), np.asarray([0.229, 0.224, 0.225])  # ImageNet
FILLS = (0.0, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Guess:
    """One cause that may fit."""

    rule: str
    text: str  # completes "the service ..."
    change: Change


def guesses(rows: Array, edge: Affine | None) -> Iterator[Guess]:
    """What may have happened to `rows`, the commonest first; `edge`: of a quantized input."""
    if rows.dtype.kind not in "biuf":
        return
    if edge is not None:
        yield from _edge(edge)
    yield from _roundings()
    yield from _scales(rows)
    yield from _normalisations(rows)
    for text, change in pictures.changes(rows.shape[1:]):
        yield Guess("geometry", text, change)
    yield from _nothing(rows)


def fillings(rows: Array) -> Iterator[Guess]:
    """What may stand for NaN."""
    with np.errstate(invalid="ignore"):
        known = np.where(np.isfinite(rows), rows, 0)
    for value in FILLS:
        yield Guess("nan-handling", f"puts {value:g} for NaN", partial(_filled, value=value))
    mean = known.sum(axis=0) / np.maximum(1, np.isfinite(rows).sum(axis=0))
    yield Guess("nan-handling", "puts a column's mean for NaN", partial(_filled, value=mean))


def scaled(rows: Array, by: float) -> Array:
    """Every number times `by`."""
    return _real(rows) * by


def shifted(rows: Array, by: float) -> Array:
    """Every number plus `by`."""
    return _real(rows) + by


def _edge(edge: Affine) -> Iterator[Guess]:
    """The ways to feed an int8 input wrong, as the real numbers that the model then sees."""
    span = np.iinfo(edge.dtype)

    def seen(steps: Array) -> Array:
        kept = np.clip(steps, span.min, span.max)
        return (kept - edge.zero_point) * edge.scale

    def wrapped(rows: Array) -> Array:
        return (_real(rows).astype(np.int64).astype(edge.dtype) - float(edge.zero_point)) * (
            edge.scale
        )

    name = f"the {edge.dtype} input (scale {edge.scale:.6g}, zero point {edge.zero_point})"
    yield Guess("no-scale", f"casts rows to {name} without its scale and zero point", wrapped)
    yield Guess(
        "no-scale",
        f"leaves the scale of {name} out",
        lambda rows: seen(np.rint(_real(rows)) + edge.zero_point),
    )
    yield Guess(
        "no-zero-point",
        f"leaves the zero point of {name} out",
        lambda rows: seen(np.rint(_real(rows) / edge.scale)),
    )
    yield Guess(
        "truncation",
        f"truncates where {name} wants rounding",
        lambda rows: seen(np.trunc(_real(rows) / edge.scale + edge.zero_point)),
    )


def _roundings() -> Iterator[Guess]:
    yield Guess("input-rounding", "cuts inputs to whole numbers", lambda r: np.trunc(_real(r)))
    for places in range(7):
        what = "1 decimal" if places == 1 else f"{places} decimals" if places else "whole numbers"
        for kind in (np.float64, np.float32):  # halves may go either way
            change = partial(_rounded, places=places, kind=kind)
            yield Guess("input-rounding", f"rounds inputs to {what}", change)
    yield Guess(
        "input-rounding",
        "reads inputs in half precision",
        lambda rows: _real(rows).astype(np.float16).astype(np.float64),
    )
    for low, high in ((0, 1), (-1, 1), (0, 255)):
        yield Guess(
            "clipping",
            f"clips inputs to {low}..{high}",
            partial(np.clip, a_min=low, a_max=high),
        )


def _scales(rows: Array) -> Iterator[Guess]:
    largest = float(np.abs(_real(rows)).max(initial=0.0))
    for text, factor in _FACTORS.items():
        yield Guess("scale", f"scales inputs by {text}", partial(scaled, by=factor))
    if largest > 0:
        text = f"scales inputs by 1/{largest:g}, their largest value"
        yield Guess("scale", text, partial(scaled, by=1 / largest))
    for by in _SHIFTS:
        yield Guess("shift", f"shifts inputs by {by:+g}", partial(shifted, by=by))


def _normalisations(rows: Array) -> Iterator[Guess]:
    """Usual ones that the file does not have, and the file's usual ones undone."""
    plain: list[tuple[str, Change]] = [
        ("x / 127.5 - 1", lambda r: _real(r) / 127.5 - 1),
        ("2 x - 1", lambda r: 2 * _real(r) - 1),
        ("(x + 1) / 2", lambda r: (_real(r) + 1) / 2),
        ("(x + 1) * 127.5", lambda r: (_real(r) + 1) * 127.5),
        ("each row less its mean, by its deviation", _standardised),
        ("each row from its least to its largest value as 0 to 1", _stretched),
        ("each row by its length", _unit),
    ]
    shape = rows.shape[1:]
    for axis, where in ((-1, "last"), (1, "first")):
        if len(shape) == 3 and rows.shape[axis] == 3:
            mean, std = (_along(v, axis) for v in (_MEAN, _STD))
            plain += [
                (f"ImageNet's mean and deviation, {where} axis", partial(_less, m=mean, s=std)),
                (
                    f"ImageNet's mean and deviation after 1/255, {where} axis",
                    partial(_less, m=255 * mean, s=255 * std),
                ),
                (
                    f"ImageNet's mean and deviation undone, {where} axis",
                    partial(_less, m=-mean / std, s=1 / std),
                ),
            ]
    for text, change in plain:
        yield Guess("normalisation", f"normalises inputs: {text}", change)


def _nothing(rows: Array) -> Iterator[Guess]:
    yield Guess("constant", "does not look at its inputs: it sees zeros", lambda r: 0 * _real(r))
    yield Guess("order", "takes a row's numbers in reversed order", _reversed)


def _real(rows: Array) -> Array:
    return rows.astype(np.float64)


def _rounded(rows: Array, places: int, kind: type[np.floating[Any]]) -> Array:
    return np.round(rows.astype(kind), places)


def _filled(rows: Array, value: Array | float) -> Array:
    return np.where(np.isfinite(rows), rows, value)


def _flat(rows: Array) -> Array:
    return _real(rows).reshape(len(rows), -1)


def _standardised(rows: Array) -> Array:
    flat = _flat(rows)
    spread = flat.std(axis=1, keepdims=True)
    made = (flat - flat.mean(axis=1, keepdims=True)) / np.where(spread, spread, 1)
    shaped: Array = made.reshape(rows.shape)
    return shaped


def _stretched(rows: Array) -> Array:
    flat = _flat(rows)
    low, high = flat.min(axis=1, keepdims=True), flat.max(axis=1, keepdims=True)
    made: Array = (flat - low) / np.where(high > low, high - low, 1)
    return made.reshape(rows.shape)


def _unit(rows: Array) -> Array:
    flat = _flat(rows)
    length = np.sqrt((flat**2).sum(axis=1, keepdims=True))
    made: Array = flat / np.where(length, length, 1)
    return made.reshape(rows.shape)


def _less(rows: Array, m: Array, s: Array) -> Array:
    return (_real(rows) - m) / s


def _along(values: Array, axis: int) -> Array:
    return values if axis == -1 else values[:, None, None]


def _reversed(rows: Array) -> Array:
    return rows.reshape(len(rows), -1)[:, ::-1].reshape(rows.shape)
