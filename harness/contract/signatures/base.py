"""The one form that every source is brought into: tensors with words for open dimensions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.config.schema import Tensor
from harness.contract.judging.tensors import DATATYPES

BATCH = "batch"
_MOST_TENSORS = 10_000  # of one side
_MOST_DIMENSIONS = 16
_MOST_ELEMENTS = 4_000_000  # of one row: the gate has to make such rows up, and keep its memory
# Names that converters give to dimensions of which they know nothing.
_NO_NAME = re.compile(r"unk__\d+|None|\?|", re.IGNORECASE)

WORDS = {
    "FP16": ("float16", "half", "dt_half"),
    "FP32": ("float32", "dt_float"),
    "FP64": ("float64", "double", "dt_double"),
    "BOOL": ("bool", "boolean", "dt_bool"),
    "BYTES": ("str", "string", "object", "bytes", "dt_string"),
    "INT32": ("int32", "dt_int32"),
    "INT64": ("int64", "int", "long", "dt_int64"),
    **{f"INT{bits}": (f"int{bits}", f"dt_int{bits}") for bits in (8, 16)},
    **{f"UINT{bits}": (f"uint{bits}", f"dt_uint{bits}") for bits in (8, 16, 32, 64)},
}
_BY_WORD = {word: name for name, words in WORDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Signature:
    """What a source says. `request` and `response` are documents of JSON Schema 2020-12."""

    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    request: Any = None  # where it says more than tensors do; None: nothing
    response: Any = None
    path: str = ""  # of the predictions, where the source knows it
    error_members: tuple[str, ...] = ()  # members that its errors always have
    notes: tuple[str, ...] = ()  # what it leaves open, one sentence each


@dataclass(frozen=True, slots=True)
class Raw:
    """A tensor as a source describes it."""

    name: str
    datatype: str | None  # of the Open Inference Protocol; None: one that JSON cannot carry
    shape: Sequence[int | str | None] | None  # None or below zero: open; None: unknown
    said: str = ""  # the datatype in the source's own words


def datatype(word: object) -> str | None:
    """FP32 for "float32", "DT_FLOAT" or "FP32"; None for what is none."""
    text = str(word)
    return text if text in DATATYPES else _BY_WORD.get(text.lower())


def signature(inputs: Iterable[Raw], outputs: Iterable[Raw]) -> Signature:
    """Tensors from what a source says.

    The first dimension of all inputs, where it is open in each, is the batch, and so is the open
    first dimension of an output then; any other open dimension gets a word of its own, or keeps
    the one that it has. An input that cannot be described makes all of them unknown: a request
    needs every one. An output that cannot is left out, so that nothing is claimed of it.
    """
    notes: list[str] = []
    wanted, given = list(inputs), list(outputs)
    if max(len(wanted), len(given)) > _MOST_TENSORS:
        return Signature(notes=(f"it lists more than {_MOST_TENSORS} tensors",))
    known = [item for item in wanted if _described(item, "input", notes)]
    first = [item.shape[0] for item in known if item.shape]
    batched = bool(known) and len(first) == len(wanted) and all(map(_is_open, first))
    symbols = {str(size) for size in first if isinstance(size, str)} if batched else set()
    sure = [item for item in given if _described(item, "output", notes)]
    return Signature(
        tuple(_tensor(item, batched, symbols) for item in known if len(known) == len(wanted)),
        tuple(_tensor(item, batched, symbols) for item in sure),
        notes=tuple(notes),
    )


def _described(item: Raw, what: str, notes: list[str]) -> bool:
    problem = ""
    if item.datatype is None:
        problem = f"has datatype {item.said!r}, which no tensor of this gate can have"
    elif item.shape is None:
        problem = "has no known number of dimensions"
    elif not 0 < len(item.shape) <= _MOST_DIMENSIONS:
        problem = f"has {len(item.shape)} dimensions"
    elif _elements(item.shape) > _MOST_ELEMENTS:
        problem = f"has more than {_MOST_ELEMENTS} elements a row: declare it yourself"
    if problem:
        notes.append(f"{what} {item.name!r} {problem}")
    return not problem


def _elements(shape: Sequence[int | str | None]) -> int:
    return math.prod(size for size in shape if isinstance(size, int) and size > 0)


def _tensor(item: Raw, batched: bool, symbols: set[str]) -> Tensor:
    assert item.shape is not None and item.datatype is not None
    shape: list[int | str] = []
    for axis, size in enumerate(item.shape):
        if isinstance(size, int) and size >= 0:
            shape.append(size)
        elif axis == 0 and batched and (_unnamed(size) or size in symbols):
            shape.append(BATCH)
        elif _unnamed(size):
            shape.append(f"{item.name}_{axis}")
        else:
            # Another tensor's batch must not be confused with this dimension.
            shape.append(f"{size}_{axis}" if size == BATCH else str(size))
    return Tensor(name=item.name, datatype=item.datatype, shape=shape)


def _is_open(size: int | str | None) -> bool:
    return not isinstance(size, int) or size < 0


def _unnamed(size: int | str | None) -> bool:
    return not isinstance(size, str) or _NO_NAME.fullmatch(size) is not None
