"""Realistic tensors from a plan: a shape, a distribution and a seed for each row, planted cells.

What is drawn is the plan, a handful of numbers; NumPy fills it. So a tensor of 3 x 224 x 224 costs
a millisecond, and what Hypothesis shrinks is the plan and not 150528 floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.contract.judging.tensors import INTEGERS, sizes
from harness.contract.requests.chance import Chance
from harness.contract.requests.texts import PLAIN, TEXTS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from harness.config.schema import Tensor

    Floats = npt.NDArray[np.float64]

# The simplest first: Hypothesis shrinks towards it.
KINDS = (
    "constant",
    "uniform",
    "normal",
    "sparse",
    "one-hot",
    "rising",
    "falling",
    "extremes",
)
_SPAN = (-3.0, 3.0)  # of a real tensor whose range nobody declared: as if it were standardised
_SPARSE = 0.9
_DIGITS = 4  # significant ones of a filled cell, as short as bodies get; planted cells have all
_EXACT = 2**53 - 1  # larger whole numbers are rounded by half of all JSON readers
_LARGEST = {"FP16": 65504.0, "FP32": 3.4e38, "FP64": 8e307}
_TINY = {"FP16": 1e-4, "FP32": 1e-30, "FP64": 1e-300}


@dataclass(frozen=True, slots=True)
class Filling:
    """How the cells of one tensor are filled; row n of a batch has the kind n after `kind`."""

    kind: int = 0  # position in KINDS
    seed: int = 0
    planted: tuple[tuple[int, int], ...] = ()  # (cell, edge); both count round and round


@dataclass(frozen=True, slots=True)
class Plan:
    """A request of tensors before it is filled."""

    bound: Mapping[str, int]  # numbers for the words in the shapes, like {"batch": 3}
    fillings: tuple[Filling, ...]  # one for each input

    def __str__(self) -> str:
        """`batch 3: sparse, seed 17, 1 planted`."""
        bound = " ".join(f"{word} {size}" for word, size in self.bound.items())
        parts = [
            f"{KINDS[f.kind % len(KINDS)]}, seed {f.seed}"
            + (f", {len(f.planted)} planted" if f.planted else "")
            for f in self.fillings
        ]
        return f"{bound or 'one'}: {'; '.join(parts)}"


def draw(chance: Chance, inputs: Sequence[Tensor], bound: Mapping[str, int]) -> Plan:
    """A plan for `inputs` with these numbers for the words of their shapes."""
    fillings = []
    for _ in inputs:
        kind = chance.below(len(KINDS))
        seed = chance.below(2**16)
        cells = range(chance.below(4))
        planted = tuple((chance.below(2**16), chance.below(16)) for _ in cells)
        fillings.append(Filling(kind, seed, planted))
    return Plan(dict(bound), tuple(fillings))


def filled(plan: Plan, inputs: Sequence[Tensor]) -> dict[str, Any]:
    """Nested lists by the input's name, as a form makes a request of them."""
    arrays = fill(plan, inputs)
    return {name: array.tolist() for name, array in arrays.items()}


def fill(plan: Plan, inputs: Sequence[Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    """Arrays by the input's name: floats, whole numbers, booleans, or objects that are texts."""
    return {
        tensor.name: _filled(tensor, sizes(tensor.shape, plan.bound), filling)
        for tensor, filling in zip(inputs, plan.fillings, strict=True)
    }


def edges(tensor: Tensor) -> list[Any]:
    """Cells that servers stumble over and `tensor` allows."""
    if tensor.datatype == "BYTES":
        return list(tensor.labels or TEXTS)
    if tensor.datatype == "BOOL":
        return [False, True]
    low, high = span(tensor)
    if tensor.datatype in INTEGERS:
        return [int(x) for x in dict.fromkeys((low, high, 0.0, 1.0)) if low <= x <= high]
    tiny = _TINY[tensor.datatype]
    third = low + (high - low) / 3
    wanted = (low, high, 0.0, -0.0, tiny, -tiny, 1.0, third, math.nextafter(high, low))
    return [x for x in wanted if low <= x <= high]


def span(tensor: Tensor) -> tuple[float, float]:
    """Lowest and highest number that may be sent: the declared range within the datatype's."""
    if tensor.datatype in INTEGERS:
        least, most = INTEGERS[tensor.datatype]
        # Without a range an integer may well be an index: only the smallest are surely one.
        low, high = tensor.range or (0, 1)
        return max(least, -_EXACT, math.ceil(low)), min(most, _EXACT, math.floor(high))
    low, high = tensor.range or _SPAN
    largest = _LARGEST.get(tensor.datatype, 1.0)
    return max(low, -largest), min(high, largest)


def _filled(tensor: Tensor, shape: Sequence[int], filling: Filling) -> np.ndarray[Any, Any]:
    import numpy as np

    count = math.prod(shape)
    if tensor.datatype == "BYTES":
        cells = _texts(tensor.labels, filling.seed, count)
    else:
        rows = shape[0] if isinstance(tensor.shape[0], str) else 1
        places = [
            _places(KINDS[(filling.kind + row) % len(KINDS)], filling.seed + row, count // rows)
            for row in range(rows)
        ]
        flat = np.concatenate(places) if rows != 1 else places[0]
        cells = np.nan_to_num(flat) >= 0.5 if tensor.datatype == "BOOL" else _scaled(tensor, flat)
    known = edges(tensor)
    for cell, edge in filling.planted if count else ():
        cells[cell % count] = known[edge % len(known)]
    return cells.reshape(shape)


def _texts(labels: Sequence[str], seed: int, count: int) -> np.ndarray[Any, Any]:
    """Labels, or plain texts that differ: what is odd about a text is planted."""
    import numpy as np

    raw = [int(n) for n in _raw(seed, count)]
    cells = np.empty(count, dtype=object)
    if labels:
        cells[:] = [labels[n % len(labels)] for n in raw]
    else:
        cells[:] = [f"{PLAIN[n % len(PLAIN)]} {n % 997}" for n in raw]
    return cells


def _raw(seed: int, count: int) -> npt.NDArray[np.uint64]:
    """`count` words of 64 bits, the same on every machine.

    NumPy promises the raw stream of a bit generator for a seed for ever (NEP 19), but not that its
    distributions keep theirs: they changed before, so that none of them is used here.
    """
    import numpy as np

    return np.asarray(np.random.PCG64(seed).random_raw(count), dtype=np.uint64)


def _unit(raw: npt.NDArray[np.uint64]) -> Floats:
    """Numbers in [0, 1), exactly: the upper 53 bits of each word. `raw` is used up."""
    import numpy as np

    raw >>= np.uint64(11)
    unit = raw.astype(np.float64)
    unit *= 2.0**-53
    return unit


def _places(kind: str, seed: int, count: int) -> Floats:
    """Where in its range each cell lies, from 0 to 1; NaN where it is off."""
    import numpy as np

    if kind == "constant":
        return np.full(count, _unit(_raw(seed, 1))[0])
    if kind in ("rising", "falling"):
        first, last = _unit(_raw(seed, 2)) / 2 + (0.0, 0.5)
        ramp: Floats = first + (last - first) * (np.arange(count) / max(1, count - 1))
        return ramp if kind == "rising" else ramp[::-1]
    raw = _raw(seed, count)
    if kind == "one-hot":
        return np.where(np.arange(count) == int(raw.sum()) % max(1, count), 1.0, np.nan)
    if kind == "normal":
        return _normal(raw)
    unit = _unit(raw)
    if kind == "sparse":
        return np.where(unit < _SPARSE, np.nan, (unit - _SPARSE) / (1 - _SPARSE))
    return np.where(unit < 0.5, 0.0, 1.0) if kind == "extremes" else unit


def _normal(raw: npt.NDArray[np.uint64]) -> Floats:
    """Nearly normal about the middle: the mean of the four 16 bit numbers in a word.

    No logarithm and no cosine, whose last digits differ between machines.
    """
    import numpy as np

    parts = raw.view(np.uint16).reshape(-1, 4)  # in any byte order: they are summed
    total = parts[:, 0].astype(np.uint32)
    for place in range(1, 4):
        total += parts[:, place]
    mean = total.astype(np.float64)
    mean /= 4 * 65536
    return mean


def _scaled(tensor: Tensor, places: Floats) -> np.ndarray[Any, Any]:
    """Numbers of the tensor's range for places in it. In place, as memory is what takes time."""
    import numpy as np

    low, high = span(tensor)
    off = min(max(0.0, low), high)
    dark = np.isnan(places)
    if tensor.datatype in INTEGERS:
        steps = np.floor(np.where(dark, 0.0, places) * (high - low + 1))
        whole = np.minimum(steps + low, high).astype(np.int64)
        return np.where(dark, np.int64(off), whole)
    cells = places * (high - low)
    cells += low
    np.round(cells, _decimals(high - low), out=cells)
    np.clip(cells, low, high, out=cells)
    np.copyto(cells, off, where=dark)
    cells += 0.0  # turns the -0.0 that rounding leaves into 0.0: where one is sent, it was planted
    return cells


def _decimals(width: float) -> int:
    """Decimals that keep four significant digits of a range as wide as this."""
    exponent = int(f"{width:e}".partition("e")[2])
    return max(0, min(300, _DIGITS - 1 - exponent))


def spread(inputs: Sequence[Tensor], count: int) -> Iterator[Plan]:
    """Plans of one row, each of another kind, so that rare classes have a chance to be seen."""
    batched = {str(tensor.shape[0]): 1 for tensor in inputs if isinstance(tensor.shape[0], str)}
    for number in range(count):
        fillings = tuple(Filling(number + 1, 1000 * number + i) for i in range(len(inputs)))
        yield Plan(batched, fillings)
