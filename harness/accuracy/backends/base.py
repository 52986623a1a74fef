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


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said of some rows: the answers of the rows that it did answer, in order."""

    values: Array
    missing: NDArray[np.bool_]  # of every row: no answer came
    problem: str = ""  # why the first of those has none


class Unanswered(ModelError):
    """The rows of one call have no answer, while other rows may have one.

    `refused`: one of them may be to blame, so that the others want to be asked alone.
    """

    def __init__(self, problem: str, *, refused: bool = False) -> None:
        super().__init__(problem)
        self.refused = refused


class Session(Protocol):
    """A loaded model.

    Where inputs or outputs are quantized and what they stand for is known, the session takes and
    gives real numbers, and `edges` may tell their `quantization.Affine` by name.
    """

    @property
    def runtime(self) -> str:
        """Name and version of what runs it."""

    @property
    def inputs(self) -> tuple[Slot, ...]:
        """What it wants; nothing: columns are taken as they are."""

    @property
    def fixed_batch(self) -> int | None:
        """How many rows it takes at once where it takes no other number."""

    @property
    def largest_batch(self) -> int | None:
        """How many rows it takes at once at most, where there is such a number."""

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name, first dimension the rows. `feeds` fit the slots.

        Raises Unanswered where these rows get no answer.
        """


def choice(given: Mapping[str, str], known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Every known setting with its value, by default the first of those it can have.

    Raises ModelError for another setting or another value.
    """
    for name, value in given.items():
        if value not in known.get(name, ()):
            shown = "; ".join(f"{key} = {' | '.join(values)}" for key, values in known.items())
            raise ModelError(f"setting {name} = {value!r}: expected {shown or 'no settings'}")
    return {name: given.get(name, values[0]) for name, values in known.items()}


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
