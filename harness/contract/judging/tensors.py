"""Rules of one tensor above JSON Schema: name, datatype, shape, count, range, finite, sum."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.contract.text import shown
from harness.errors import ConfigError
from harness.suggest import did_you_mean

if TYPE_CHECKING:
    from harness.config.schema import Tensor

_BITS = {"8": 8, "16": 16, "32": 32, "64": 64}
INTEGERS = {
    **{f"INT{bits}": (-(2 ** (n - 1)), 2 ** (n - 1) - 1) for bits, n in _BITS.items()},
    **{f"UINT{bits}": (0, 2**n - 1) for bits, n in _BITS.items()},
}
REALS = ("FP16", "FP32", "FP64")
DATATYPES = (*REALS, *INTEGERS, "BOOL", "BYTES")
_SUM_TOLERANCE = 1e-4  # of rounded 32 bit numbers in a long row


@dataclass(frozen=True, slots=True)
class Carried:
    """A tensor as a request or an answer carries it."""

    name: str
    data: Any  # nested lists, or a flat list beside `shape`
    path: str  # JSON path of the data
    shape: Any = None  # as stated on the wire; None: the nesting says it
    datatype: Any = None  # as stated on the wire


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a tensor breaks."""

    rule: str
    message: str
    path: str
    expected: str = ""
    received: str = ""
    promise: str = ""  # where it stands, like `protocol kserve-v1`

    def promised(self, where: str) -> Broken:
        """The same with where it stands, unless that is said already."""
        return self if self.promise else replace(self, promise=where)


def check_declared(tensors: Sequence[Tensor], key: str) -> None:
    """Raises ConfigError for a datatype that is none."""
    for tensor in tensors:
        if tensor.datatype not in DATATYPES:
            raise ConfigError(
                f"contract.{key}: {tensor.name!r} has datatype {tensor.datatype!r}"
                f"{did_you_mean(tensor.datatype, DATATYPES)}; known: {', '.join(DATATYPES)}"
            )


def judge(
    declared: Sequence[Tensor],
    carried: Sequence[Carried],
    bound: dict[str, int],
    tolerance: float = 0.0,
) -> list[Broken]:
    """What the carried tensors break, each by itself; see columns.py for what relates them.

    `bound` maps symbolic dimensions to the numbers that they already stand for, like
    {"batch": 3}, and learns those that it meets.
    """
    by_name = {tensor.name: tensor for tensor in reversed(carried)}
    broken = list(_named_twice(carried))
    for tensor in declared:
        found = by_name.get(tensor.name)
        if found is None:
            names = ", ".join(repr(name) for name in by_name) or "none"
            message = f"tensor {tensor.name!r} is missing"
            broken.append(Broken("tensor-missing", message, "$", tensor.name, names))
        else:
            broken += _judge_one(tensor, found, bound, tolerance)
    for extra in carried if not declared else ():
        broken += _consistent(extra)[1]
    return broken


def _named_twice(carried: Sequence[Carried]) -> Iterator[Broken]:
    seen: set[str] = set()
    for tensor in carried:
        if tensor.name in seen:
            message = f"two tensors are named {shown(tensor.name, 60)}: readers take either"
            yield Broken("tensor-duplicate", message, tensor.path, "names that are unique")
            return
        seen.add(tensor.name)


def _judge_one(
    tensor: Tensor, found: Carried, bound: dict[str, int], tolerance: float
) -> Iterator[Broken]:
    if found.datatype is not None and found.datatype != tensor.datatype:
        message = f"tensor {tensor.name!r} has another datatype"
        yield Broken("tensor-datatype", message, found.path, tensor.datatype, shown(found.datatype))
    shape, problems = _consistent(found)
    yield from problems
    if problems:
        return
    flat = flatten(found.data)
    wrong = _wrong_element(tensor.datatype, flat)
    if wrong is not None:
        rule = "tensor-finite" if _absent(flat[wrong], tensor.datatype) else "tensor-datatype"
        message = f"tensor {tensor.name!r}: {shown(flat[wrong], 40)} where {tensor.datatype} is due"
        at = f"{found.path}{_index(found, shape, wrong)}"
        yield Broken(rule, message, at, tensor.datatype, shown(flat[wrong]))
        return
    if not _fits(tensor.shape, shape, bound):
        due = [bound.get(d, d) if isinstance(d, str) else d for d in tensor.shape]
        rows = tensor.shape[1:] == shape[1:] and isinstance(tensor.shape[0], str)
        rule = "tensor-rows" if rows else "tensor-shape"
        what = "another number of rows than was sent" if rows else "another shape"
        message = f"tensor {tensor.name!r} has {what}"
        yield Broken(rule, message, found.path, shown(due), shown(shape))
        return
    yield from _judge_labels(tensor, found, flat, shape)
    yield from _judge_numbers(tensor, found, flat, shape, tolerance)


def _judge_labels(
    tensor: Tensor, found: Carried, flat: list[Any], shape: list[int]
) -> Iterator[Broken]:
    """The only texts that there may be; of numbers the names of the columns."""
    if not tensor.labels:
        return
    if tensor.datatype == "BYTES":
        known = set(tensor.labels)
        other = next((i for i, x in enumerate(flat) if not _is_label(x, known)), None)
        if other is not None:
            message = f"tensor {tensor.name!r}: {shown(flat[other], 60)} is none of its labels"
            at = f"{found.path}{_index(found, shape, other)}"
            yield Broken("tensor-label", message, at, shown(tensor.labels), shown(flat[other]))
    elif len(shape) > 1 and shape[-1] != len(tensor.labels):
        message = f"tensor {tensor.name!r} has {shape[-1]} columns for {len(tensor.labels)} labels"
        yield Broken("tensor-label", message, found.path, shown(tensor.labels), shown(shape))


def _is_label(item: Any, known: set[str]) -> bool:
    return isinstance(item, str) and item in known


def _judge_numbers(
    tensor: Tensor, found: Carried, flat: list[Any], shape: list[int], tolerance: float
) -> Iterator[Broken]:
    if tensor.datatype == "BYTES" or tensor.datatype == "BOOL" or not flat:
        return
    if tensor.range is not None:
        low, high = tensor.range
        slack = tolerance * max(1.0, abs(low), abs(high))
        out = next((i for i, x in enumerate(flat) if not low - slack <= x <= high + slack), None)
        if out is not None:
            message = f"tensor {tensor.name!r}: {flat[out]!r} is out of range"
            at = f"{found.path}{_index(found, shape, out)}"
            yield Broken("tensor-range", message, at, f"{low:g} to {high:g}", shown(flat[out]))
    if tensor.sums_to is not None:
        rows = shape[0] if isinstance(tensor.shape[0], str) else 1
        width = len(flat) // rows if rows else 0
        allowed = max(tolerance, _SUM_TOLERANCE) * max(1.0, abs(tensor.sums_to))
        for row in range(rows):
            total = math.fsum(flat[row * width : (row + 1) * width])
            if abs(total - tensor.sums_to) > allowed:
                message = f"tensor {tensor.name!r}: row {row} sums to {total:.6g}"
                expected = f"{tensor.sums_to:g}, +- {allowed:g}"
                yield Broken("tensor-sum", message, found.path, expected, f"{total:.6g}")
                return


def _consistent(found: Carried) -> tuple[list[int], list[Broken]]:
    """The shape that the data really has, or what contradicts itself in it."""
    nested = shape_of(found.data)
    if nested is None:
        message = f"tensor {found.name!r} is ragged: rows of different lengths"
        return [], [Broken("tensor-shape", message, found.path, "", shown(found.data))]
    if found.shape is None:
        return nested, []
    if not _is_shape(found.shape):
        message = f"tensor {found.name!r}: its shape is no list of whole numbers"
        return [], [Broken("tensor-shape", message, found.path, "[...]", shown(found.shape))]
    due, there = math.prod(found.shape), math.prod(nested)
    if due != there or (len(nested) > 1 and nested != found.shape):
        message = f"tensor {found.name!r}: shape and data disagree"
        stated = f"{due} elements of shape {shown(found.shape)}"
        carried = f"{there} elements of shape {nested}"
        return [], [Broken("tensor-count", message, found.path, stated, carried)]
    return list(found.shape), []


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, list) and all(
        isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in shape
    )


def shape_of(data: Any) -> list[int] | None:
    """Shape of nested lists; None where they are ragged."""
    if not isinstance(data, list):
        return []
    if not any(isinstance(item, list) for item in data):
        return [len(data)]
    shapes = [shape_of(item) for item in data]
    if shapes[0] is None or any(shape != shapes[0] for shape in shapes):
        return None
    return [len(data), *shapes[0]]


def flatten(data: Any) -> list[Any]:
    """Elements of nested lists in row-major order."""
    if not isinstance(data, list):
        return [data]
    while data and isinstance(data[0], list):
        data = [item for row in data for item in row]
    return list(data)


def reshape(flat: Sequence[Any], shape: Sequence[int]) -> Any:
    """Nested lists of `shape` from elements in row-major order."""
    data: list[Any] = list(flat)
    for size in reversed(shape[1:]):
        data = [data[i : i + size] for i in range(0, len(data), size)] if size else []
    return data if shape else data[0]


def _wrong_element(datatype: str, flat: list[Any]) -> int | None:
    """Index of the first element that is none of `datatype`."""
    kinds = set(map(type, flat))
    if datatype in REALS and kinds <= {int, float} and all(map(_finite, flat)):
        return None
    if (datatype, kinds) in (("BYTES", {str}), ("BOOL", {bool})):
        return None
    if datatype in INTEGERS and kinds == {int}:
        low, high = INTEGERS[datatype]
        if low <= min(flat) and max(flat) <= high:
            return None
    return next((i for i, item in enumerate(flat) if not _element(datatype, item)), None)


def _element(datatype: str, item: Any) -> bool:
    if datatype == "BYTES":
        # TensorFlow Serving writes bytes that are no text as {"b64": "..."}.
        return isinstance(item, str) or (isinstance(item, dict) and item.keys() == {"b64"})
    if datatype == "BOOL":
        return isinstance(item, bool)
    if isinstance(item, bool) or not isinstance(item, (int, float)) or not _finite(item):
        return False
    if datatype in REALS:
        return True
    low, high = INTEGERS[datatype]
    return item == int(item) and low <= item <= high


def _finite(item: int | float) -> bool:
    try:
        return math.isfinite(item)
    except OverflowError:  # a whole number beyond every double
        return False


def _absent(item: Any, datatype: str) -> bool:
    """MLServer writes null where the model said NaN: both are a number that is not there."""
    nonfinite = isinstance(item, float) and not math.isfinite(item)
    return datatype not in ("BYTES", "BOOL") and (item is None or nonfinite)


def _index(found: Carried, shape: Sequence[int], position: int) -> str:
    if isinstance(found.data, list) and not any(isinstance(item, list) for item in found.data):
        return f"[{position}]"
    index = ""
    for size in reversed(shape):
        index = f"[{position % size}]{index}"
        position //= size
    return index


def _fits(declared: Sequence[int | str], shape: Sequence[int], bound: dict[str, int]) -> bool:
    if len(declared) != len(shape):
        return False
    for due, there in zip(declared, shape, strict=True):
        if isinstance(due, str):
            if bound.setdefault(due, there) != there:
                return False
        elif due not in (there, -1):
            return False
    return True


def sizes(shape: Sequence[int | str], bound: Mapping[str, int]) -> list[int]:
    """A declared shape with numbers for its words; a word that is not bound becomes 4."""
    return [bound.get(d, 4) if isinstance(d, str) else (d if d >= 0 else 4) for d in shape]
