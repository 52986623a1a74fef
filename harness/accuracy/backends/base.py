"""What every backend offers, and how rows are made to fit a model's input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.accuracy.errors import ModelError

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """One input of a model."""

    name: str
    dtype: np.dtype[Any]  # kind "U" stands for text
    shape: tuple[int | None, ...]  # of one row, without the batch; None: any


@dataclass(frozen=True, slots=True)
class Options:
    """How a model is opened; everything here belongs to the identity of its outputs."""

    batch: int = 32  # rows at once
    optimization: str = "all"  # of the graph: "all", "extended", "basic", "disabled"
    settings: Mapping[str, str] = field(default_factory=dict)  # of the runtime, by its own names


class Session(Protocol):
    """A loaded model."""

    @property
    def runtime(self) -> str:
        """Name and version of what runs it."""

    @property
    def inputs(self) -> tuple[Slot, ...]:
        """What it wants."""

    @property
    def fixed_batch(self) -> int | None:
        """How many rows it takes at once where it takes no other number."""

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name, first dimension the rows. `feeds` fit the slots."""


def fit(rows: Array, slot: Slot) -> Array:
    """`rows` in the shape and datatype of `slot`, where that loses nothing.

    Dimensions of one element may be added or dropped. Whole numbers become floats, and wider
    numbers narrower ones of the same kind. Raises ModelError where rows do not fit.
    """
    return _cast(_reshape(rows, slot), slot)


def _reshape(rows: Array, slot: Slot) -> Array:
    given, wanted = rows.shape[1:], slot.shape
    if _agree(given, wanted):
        return rows
    plain = [size for size in given if size != 1]
    if _agree(plain, [size for size in wanted if size != 1]):
        sizes = iter(plain)
        return rows.reshape(len(rows), *(1 if size == 1 else next(sizes) for size in wanted))
    shown = ", ".join("any" if size is None else str(size) for size in wanted)
    raise ModelError(f"a row of the data set is {given}, but input {slot.name!r} wants ({shown})")


def _agree(given: tuple[int, ...] | list[int], wanted: Any) -> bool:
    return len(given) == len(wanted) and all(
        size is None or size == found for found, size in zip(given, wanted, strict=True)
    )


def _cast(rows: Array, slot: Slot) -> Array:
    if slot.dtype.kind == "U" and rows.dtype.kind == "U":
        return rows
    if rows.dtype == slot.dtype:
        return rows
    numbers = "U" not in (slot.dtype.kind, rows.dtype.kind)
    if numbers and slot.dtype.kind in "iu" and rows.dtype.kind in "biu":
        span = np.iinfo(slot.dtype)
        if rows.size == 0 or (int(rows.min()) >= span.min and int(rows.max()) <= span.max):
            return rows.astype(slot.dtype)
    elif numbers and np.can_cast(rows.dtype, slot.dtype, "same_kind"):
        return rows.astype(slot.dtype)
    raise ModelError(
        f"rows of datatype {rows.dtype} do not fit input {slot.name!r} of datatype {slot.dtype}"
    )
