"""Choices from one stream of random numbers: a fixed one in the gate tier, Hypothesis's else."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")
_FINE = 2**53
_WORD = 2**32


class Chance:
    """Choices that shrink towards the first item, the lowest number and False."""

    def __init__(self, below: Callable[[int], int]) -> None:
        """`below(n)` gives a number from 0 to n - 1, for n up to 2^53."""
        self._below = below

    @classmethod
    def seeded(cls, seed: int) -> Chance:
        """The same choices on every machine and under every version of Python.

        Of `random.Random` only `random()` is promised to keep its sequence; `randrange`,
        `choice` and `shuffle` have changed theirs before.
        """
        stream = random.Random(seed)
        return cls(lambda n: int(stream.random() * n))

    @classmethod
    def drawn(cls, source: random.Random) -> Chance:
        """The choices of `hypothesis.strategies.randoms(use_true_random=False)`, which shrink."""
        return cls(source.randrange)

    def below(self, n: int) -> int:
        """A whole number from 0 to `n` - 1."""
        if n <= _FINE:
            return self._below(n) if n > 1 else 0
        value = 0
        for _ in range(-(-n.bit_length() // 32) + 1):
            value = value * _WORD + self._below(_WORD)
        return value % n

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included. Raises ValueError for none."""
        if high < low:
            raise ValueError(f"no whole number from {low} to {high}")
        return low + self.below(high - low + 1)

    def fraction(self) -> float:
        """A number from 0 to just below 1."""
        return self._below(_FINE) / _FINE

    def pick(self, items: Sequence[_Item]) -> _Item:
        """One of `items`. Raises ValueError where there are none."""
        if not items:
            raise ValueError("nothing to pick from")
        return items[self.below(len(items))]

    def flag(self, percent: int = 50) -> bool:
        """True in `percent` of 100 cases."""
        return self.below(100) >= 100 - percent

    def shuffled(self, items: Sequence[_Item]) -> list[_Item]:
        """`items` in another order (Fisher and Yates, 1938)."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(len(left))]
