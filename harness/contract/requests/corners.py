"""Rows at the corners of what may be sent: some inputs at their lowest, others at their highest.

A fault that needs two inputs at certain ends is met by two-level covering arrays of strength two:
in a few rows every pair of inputs is low and low, low and high, high and low, high and high. Such
arrays of the least size were found by Kleitman and Spencer, "Families of k-independent sets",
Discrete Mathematics 6, 1973, and by Katona, Periodica Mathematica Hungarica 3, 1973.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.contract.judging.tensors import INTEGERS, reshape, sizes
from harness.contract.requests.plans import span
from harness.contract.requests.texts import PLAIN

if TYPE_CHECKING:
    from harness.config.schema import Tensor

_CELLS = 32  # of one row of a tensor that are low or high each for itself; larger ones as a whole
_FACTORS = 462  # columns of 12 rows; more are not told apart


def corners(inputs: Sequence[Tensor], bound: Mapping[str, int]) -> list[dict[str, Any]]:
    """Tensors by name with one row each; [] where there is nothing to combine.

    With `bound` {"batch": 1} shapes are those of one row.
    """
    shapes = {item.name: sizes(item.shape, bound) for item in inputs}
    factors = {name: _factors(math.prod(shape)) for name, shape in shapes.items()}
    array = covering(sum(factors.values()))
    rows = []
    for number, levels in enumerate([*array, *_opposite(array)]):
        level = iter(levels)
        row = {}
        for item in inputs:
            count = math.prod(shapes[item.name])
            highs = list(itertools.islice(level, factors[item.name]))
            highs = highs if len(highs) == count else highs * count
            cells = [_end(item, high, number) for high in highs]
            row[item.name] = reshape(cells, shapes[item.name])
        rows.append(row)
    return rows


def covering(columns: int) -> list[list[bool]]:
    """Rows in which every two of `columns` take all four pairs of values; [] below two columns.

    One row of False above all different choices of half of the others: two of them overlap, and
    neither holds the other.
    """
    if not 2 <= columns <= _FACTORS:
        return []
    others = next(n for n in itertools.count(3) if math.comb(n, n // 2 + 1) >= columns)
    chosen = itertools.islice(itertools.combinations(range(others), others // 2 + 1), columns)
    sets = [set(one) for one in chosen]
    return [[False] * columns, *([row in one for one in sets] for row in range(others))]


def _opposite(array: Sequence[Sequence[bool]]) -> list[list[bool]]:
    return [[not high for high in row] for row in array]


def _factors(cells: int) -> int:
    return cells if cells <= _CELLS else 1


def _end(item: Tensor, high: bool, number: int) -> Any:
    """The lowest or highest cell; of labels and texts another one in each row."""
    if item.datatype == "BYTES":
        known = item.labels or PLAIN
        return known[(2 * number + high) % len(known)]
    if item.datatype == "BOOL":
        return high
    end = span(item)[high]
    return int(end) if item.datatype in INTEGERS else end
