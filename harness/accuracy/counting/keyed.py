"""Sums by key, which add up: of classes, slices, clusters, and of pairs of answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.accuracy.workers import Array


@dataclass(frozen=True, slots=True, eq=False)
class Keyed:
    """For each key a row of sums: keys of shape (m, d), sorted and each once, sums of (m, v)."""

    keys: Array
    sums: Array

    @staticmethod
    def of(keys: Array, sums: Array) -> Keyed:
        """Group the rows of `sums`, shape (n, v), by `keys`, shape (n,) or (n, d).

        Rows with the same key are added in their order, so that sums of floats come out the same
        to the bit wherever they are added in the same order.
        """
        keys = keys.reshape(len(keys), 1) if keys.ndim == 1 else keys
        if not len(keys):
            return Keyed(keys, sums)
        order = np.lexsort(keys.T[::-1])
        keys = keys[order]
        first = np.ones(len(keys), bool)
        first[1:] = _differ(keys[1:], keys[:-1]).any(axis=1)
        starts = np.flatnonzero(first)
        return Keyed(keys[starts], np.add.reduceat(sums[order], starts, axis=0))

    def none(self) -> Keyed:
        """No keys, of the same form."""
        return Keyed(self.keys[:0], self.sums[:0])

    @staticmethod
    def counted(keys: Array, code: Array, width: int) -> Keyed:
        """How many rows of each key, shape (n,), have each `code` from 0 to before `width`."""
        values, inverse = unique(keys)
        counts = np.bincount(inverse * width + code, minlength=len(values) * width)
        return Keyed(values.reshape(-1, 1), counts.reshape(-1, width))

    def __add__(self, other: Keyed) -> Keyed:
        if self.keys.shape == other.keys.shape and np.array_equal(self.keys, other.keys):
            return Keyed(self.keys, self.sums + other.sums)
        if not len(self.keys) or not len(other.keys):
            return other if len(other.keys) else self
        return Keyed.of(
            np.concatenate([self.keys, other.keys]), np.concatenate([self.sums, other.sums])
        )

    def __len__(self) -> int:
        return len(self.keys)

    def items(self) -> Iterator[tuple[str, Array]]:
        """Key as text and sums, for keys of one part, in natural order: 2 before 10."""
        named = [(str(key[0]), sums) for key, sums in zip(self.keys, self.sums, strict=True)]
        return iter(sorted(named, key=lambda item: _natural(item[0])))


def _differ(keys: Array, others: Array) -> Array:
    """Which parts of two keys differ; NaN is one key, in every block the same."""
    differ: Array = keys != others
    if keys.dtype.kind == "f":
        differ &= ~(np.isnan(keys) & np.isnan(others))
    return differ


def unique(keys: Array) -> tuple[Array, Array]:
    """The keys, shape (n,), sorted and each once, and for each row the index of its own."""
    if keys.dtype.kind == "i" and len(keys):
        low, high = int(keys.min()), int(keys.max())
        if high - low < 4 * len(keys):  # small whole numbers need no sorting
            there = np.zeros(high - low + 1, bool)
            offsets = keys - low
            there[offsets] = True
            values: Array = np.flatnonzero(there) + low
            return values, (np.cumsum(there) - 1)[offsets]
    found: tuple[Any, Any] = np.unique(keys, return_inverse=True)
    return found


def _natural(key: str) -> tuple[float, str]:
    try:
        return float(key), key
    except ValueError:
        return float("inf"), key
