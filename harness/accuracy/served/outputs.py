"""Ways in which services get their outputs wrong, read off the answers themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.accuracy.backends.quantization import Affine
from harness.accuracy.served.forms import Mask, numbers, probable, sigmoid, softmax
from harness.accuracy.workers import Array

_PLACES = 9  # decimals that are tried; more are what float32 has anyway
_TINY = 1e-5  # of the largest score: what other kernels for the same sum differ by
_SINGLE = 2.0**-23  # what float32 keeps of a number


@dataclass(frozen=True, slots=True)
class Fit:
    """A cause that may fit, and the answers that it would give."""

    rule: str
    text: str  # completes "the service ..."
    answers: Array
    slack: float = 0.0  # in which `answers` are compared with those of the service


def fits(file: Array, service: Array, edge: Affine | None, portion: int) -> Iterator[Fit]:
    """What may have happened to the file's answers; shapes (n, k) both, no text.

    `edge` is what numbers of a quantized output stand for, `portion` the rows of a request.
    """
    yield from _roundings(file, service)
    yield from _orders(file, service, portion)
    yield from _edge(file, edge)
    if file.shape[1] > 1:
        yield from _permuted(file, service)
        yield Fit("softmax", "applies softmax once too often", softmax(file), 1e-6)
    if probable(file):
        yield Fit("softmax", "applies sigmoid once too often", sigmoid(file), 1e-6)
    with np.errstate(divide="ignore"):
        if probable(file):
            yield Fit("softmax", "answers logarithms of the scores", np.log(file), 1e-5)
    yield from _affine(file, service)
    yield from _constant(file, service)


def last_digits(file: Array, service: Array) -> Mask:
    """Rows that differ by no more than another order of summation makes."""
    if file.dtype.kind != "f":
        return np.zeros(len(file), bool)
    real = file.astype(np.float64)
    scale = np.abs(real).max(axis=1, keepdims=True, initial=0.0)
    return np.asarray((np.abs(real - service) <= _TINY * scale).all(axis=1))


def relabelled(file: Array, service: Array) -> Fit | None:
    """Classes by other numbers: shapes (n, 1), both whole."""
    known = [int(value) for value in np.unique(file)]
    names = {}
    for value in known:
        said, often = np.unique(service[file == value], return_counts=True)
        names[value] = int(said[often.argmax()])
    if len(set(names.values())) < len(names) or all(a == b for a, b in names.items()):
        return None
    made = np.asarray([[names[int(value)]] for value in file[:, 0]])
    shown = ", ".join(f"{a} as {b}" for a, b in list(names.items())[:12] if a != b)
    return Fit("label-order", f"has its labels in another order: {shown}", made)


def _roundings(file: Array, service: Array) -> Iterator[Fit]:
    if file.dtype.kind != "f":
        return
    real = file.astype(np.float64)
    own = _SINGLE * float(np.abs(real).max(initial=0.0))
    for places in range(_PLACES):
        what = "1 decimal" if places == 1 else f"{places} decimals" if places else "whole numbers"
        made = np.round(real, places)
        # The file's own digits are not exactly decimal, so that halves may go either way.
        half = np.abs(np.abs(real - made) * 10.0**places - 0.5) < 1e-3
        made = np.where(half & (np.abs(service - real) <= 0.51 * 10.0**-places), service, made)
        slack = min(own, 0.05 * 10.0**-places)
        yield Fit("output-rounding", f"rounds its answers to {what}", made, slack)
    made = np.trunc(real)
    yield Fit("output-rounding", "cuts its answers to whole numbers", made, own)
    half_precision = real.astype(np.float16).astype(np.float64)
    yield Fit("output-rounding", "answers in half precision", half_precision, own)


def _orders(file: Array, service: Array, portion: int) -> Iterator[Fit]:
    """The right answers for other rows of the same request."""
    if portion < 2:
        return
    backwards, next_one = np.arange(len(file)), np.arange(len(file))
    for start in range(0, len(file), portion):
        part = slice(start, min(start + portion, len(file)))
        backwards[part] = backwards[part][::-1]
        next_one[part] = np.roll(next_one[part], 1)
    yield Fit("row-order", "answers the rows of a request in reversed order", file[backwards])
    yield Fit("row-order", "answers each row with the answer of the row before", file[next_one])
    mixed = np.arange(len(file))
    for start in range(0, len(file), portion):
        rows = np.arange(start, min(start + portion, len(file)))
        apart = np.abs(service[rows][:, None, :] - file[rows][None, :, :]).max(axis=2)
        nearest = apart.argmin(axis=1)
        if len(set(nearest.tolist())) == len(rows):
            mixed[rows] = rows[nearest]
    if (mixed != np.arange(len(file))).any():
        yield Fit("row-order", "answers the rows of a request in another order", file[mixed])


def _edge(file: Array, edge: Affine | None) -> Iterator[Fit]:
    if edge is None:
        return
    name = f"its {edge.dtype} output (scale {edge.scale:.6g}, zero point {edge.zero_point})"
    steps = np.rint(file.astype(np.float64) / edge.scale) + edge.zero_point
    near = edge.scale * 0.01
    yield Fit("not-dequantized", f"answers the whole numbers of {name} as they are", steps, 0.01)
    unshifted = steps * edge.scale
    yield Fit("not-dequantized", f"leaves the zero point of {name} out", unshifted, near)
    unscaled = steps - edge.zero_point
    yield Fit("not-dequantized", f"leaves the scale of {name} out", unscaled, 0.01)


def _permuted(file: Array, service: Array) -> Iterator[Fit]:
    """Scores under other labels: each column of the service is another one of the file."""
    columns = range(file.shape[1])
    apart = np.asarray(
        [[np.abs(service[:, j] - file[:, i]).mean() for i in columns] for j in columns]
    )
    order = apart.argmin(axis=1)
    if len(set(order.tolist())) < len(order) or (order == np.arange(len(order))).all():
        return
    shown = ", ".join(f"{i} as {j}" for j, i in enumerate(order.tolist()[:12]) if i != j)
    made = file[:, order]
    text = f"has its labels in another order: the file's {shown}"
    yield Fit("label-order", text, made, _slack(file))


def _affine(file: Array, service: Array) -> Iterator[Fit]:
    """All scores times one number, plus another."""
    x, y = file.astype(np.float64).ravel(), service.astype(np.float64).ravel()
    spread = x - x.mean()
    if not np.isfinite(y).all() or not (spread**2).sum() > 0:
        return
    by = float((spread * y).sum() / (spread**2).sum())
    plus = float(y.mean() - by * x.mean())
    slack = 1e-4 * float(np.abs(y).max(initial=0.0))
    if abs(plus) <= slack:
        text = f"scales its answers by {by:.6g}"
        yield Fit("scale", text, by * file.astype(np.float64), slack)
    if abs(by - 1) <= 1e-4:
        yield Fit("shift", f"shifts its answers by {plus:+.6g}", file + plus, slack)
    if abs(by) > _TINY:
        made = by * file.astype(np.float64) + plus
        yield Fit("scale", f"scales its answers by {by:.6g} and shifts by {plus:+.6g}", made, slack)


def _constant(file: Array, service: Array) -> Iterator[Fit]:
    if len(service) > 1 and (service == service[0]).all() and not (file == file[0]).all():
        made = np.broadcast_to(service[:1], service.shape)
        yield Fit("constant", "gives every row the same answer", np.asarray(made))


def _slack(file: Array) -> float:
    return _TINY * float(np.abs(numbers(file)).max(initial=0.0))
