"""How far two outputs lie apart, as sums over rows that add up from block to block.

These are alarms, and no verdict: outputs may move a lot without an answer changing, and near the
reference they say little about accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.accuracy.counting.scheme import Scheme

_PORTION = 1 << 16  # numbers at once: what stays in a processor's cache
_SUMS = 6  # rows, divergence, |x|^2, |x - y|^2, cosines, rows that have a cosine


@dataclass(frozen=True, slots=True, eq=False)
class Divergence:
    """Sums over the rows that both models gave finite scores to."""

    sums: Array  # float64, shape (_SUMS,)
    largest: float = 0.0  # of all differences between two scores

    @staticmethod
    def none() -> Divergence:
        """Of no rows."""
        return Divergence(np.zeros(_SUMS))

    def __add__(self, other: Divergence) -> Divergence:
        return Divergence(self.sums + other.sums, max(self.largest, other.largest))

    @property
    def rows(self) -> int:
        """Rows that were compared."""
        return int(self.sums[0])

    @property
    def mean(self) -> float:
        """Mean Kullback-Leibler or Jensen-Shannon divergence of a row, in nats."""
        return float(self.sums[1] / self.sums[0])

    @property
    def sqnr(self) -> float:
        """Signal-to-quantization-noise ratio, 20 log10(|x| / |x - y|) in dB; inf if equal."""
        signal, noise = float(self.sums[2]), float(self.sums[3])
        if not noise:
            return math.inf
        return 10 * math.log10(signal / noise) if signal else -math.inf

    @property
    def cosine(self) -> float:
        """Mean cosine between the two outputs of a row; NaN where no row has one."""
        return float(self.sums[4] / self.sums[5]) if self.sums[5] else math.nan


def diverged(scheme: Scheme, reference: Array, candidate: Array) -> Divergence:
    """Compare scores of shape (n, k), all finite, as the scheme says what they are."""
    sums, largest = np.zeros(_SUMS), 0.0
    for x, y in _portions(reference, candidate):
        apart = x - y
        largest = max(largest, float(np.abs(apart).max()))
        squares, others = _dot(x, x), _dot(y, y)
        product = np.sqrt(squares * others)
        there = product > 0
        cosines = _dot(x, y)[there] / product[there]
        sums += (
            len(x),
            float(_rows(scheme, x, y).sum()) if x.shape[1] > 1 else 0.0,
            float(squares.sum()),
            float(_dot(apart, apart).sum()),
            float(np.clip(cosines, -1, 1).sum()),
            int(there.sum()),
        )
    return Divergence(sums, largest)


def _rows(scheme: Scheme, x: Array, y: Array) -> Array:
    """The divergence of each row, in nats."""
    if scheme.scale == "logits":
        return kullback_leibler(x, y)
    if scheme.scale == "probabilities":
        return jensen_shannon(x, y, scheme.floor)
    return np.zeros(len(x))


def kullback_leibler(reference: Array, candidate: Array) -> Array:
    """sum_k p_k ln(p_k / q_k) of each row, p and q the softmax of the logits; in nats.

    Kullback and Leibler, Annals of Mathematical Statistics 22:79-86 (1951). From logits no
    probability is ever zero, so that there is no epsilon to choose.
    """
    first = reference - reference.max(axis=1, keepdims=True)
    second = candidate - candidate.max(axis=1, keepdims=True)
    p, q = np.exp(first), np.exp(second)
    total, others = p.sum(axis=1), q.sum(axis=1)
    rows: Array = _dot(p, first - second) / total - np.log(total) + np.log(others)
    return np.maximum(rows, 0.0)  # rounding may leave -1e-17


def jensen_shannon(reference: Array, candidate: Array, floor: float) -> Array:
    """Divergence of each of both rows of probabilities from their mean, averaged; in nats.

    Lin, IEEE Transactions on Information Theory 37:145-151 (1991). Probabilities under `floor`
    are raised to it on both sides, and rows made to sum to one: a quantized output cannot tell
    them from zero. It is ln 2 at most, zero probabilities and all.
    """
    p, q = (_floored(side, floor) for side in (reference, candidate))
    middle = (p + q) / 2
    rows: Array = (_relative(p, middle) + _relative(q, middle)) / 2
    return np.maximum(rows, 0.0)


def _floored(probabilities: Array, floor: float) -> Array:
    raised = np.maximum(probabilities, floor)
    whole: Array = raised / raised.sum(axis=1, keepdims=True)
    return whole


def _relative(p: Array, middle: Array) -> Array:
    ratio = np.ones_like(p)
    np.divide(p, middle, out=ratio, where=p > 0)
    return _dot(p, np.log(ratio))


def _dot(x: Array, y: Array) -> Array:
    rows: Array = np.einsum("ij,ij->i", x, y)
    return rows


def _portions(reference: Array, candidate: Array) -> Iterator[tuple[Array, Array]]:
    """Some rows of both at a time, as doubles."""
    size = max(1, _PORTION // max(1, reference.shape[1]))
    for start in range(0, len(reference), size):
        end = start + size
        yield reference[start:end].astype(np.float64), candidate[start:end].astype(np.float64)
