"""What relates one output to another: a label names the largest column (`argmax_of`)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.contract.judging.tensors import Broken, Carried, flatten
from harness.contract.text import shown
from harness.errors import ConfigError
from harness.suggest import did_you_mean

if TYPE_CHECKING:
    from harness.config.schema import Tensor


def check_declared(outputs: Sequence[Tensor]) -> None:
    """Raises ConfigError where `argmax_of` names no output, or a text without names for columns."""
    by_name = {tensor.name: tensor for tensor in outputs}
    for tensor in outputs:
        other = tensor.argmax_of
        if other is None:
            continue
        where = f"contract.outputs: {tensor.name!r} has argmax_of = {other!r}"
        others = [name for name in by_name if name != tensor.name]
        if other not in others:
            hint = did_you_mean(other, others)
            raise ConfigError(f"{where}: expected another output{hint}; there: {', '.join(others)}")
        if tensor.datatype == "BYTES" and not (tensor.labels or by_name[other].labels):
            raise ConfigError(
                f"{where}: expected labels = [...] of {other!r}, the names of its columns in order"
            )


def judge_columns(
    declared: Sequence[Tensor], carried: Sequence[Carried], tolerance: float
) -> Iterator[Broken]:
    """The first label of each label output that does not name the largest column of its row.

    Columns that are within `tolerance` of the largest are as good: the tie is the model's.
    Tensors have to keep the rules of tensors.py. A single column is the probability of index 1.
    """
    tensors = {tensor.name: tensor for tensor in declared}
    found = {tensor.name: tensor for tensor in carried}
    for tensor in declared:
        of = tensors.get(tensor.argmax_of or "")
        if of is not None and tensor.name in found and of.name in found:
            yield from _judge(tensor, of, (found[tensor.name], found[of.name]), tolerance)


def _judge(
    tensor: Tensor, of: Tensor, pair: tuple[Carried, Carried], tolerance: float
) -> Iterator[Broken]:
    labels, columns = flatten(pair[0].data), flatten(pair[1].data)
    rows = _rows(tensor, pair[0])
    if not labels or not rows or len(labels) % rows or len(columns) % rows:
        return
    apart, width = len(labels) // rows, len(columns) // rows
    names = tensor.labels or of.labels
    for row in range(rows):
        label = labels[row * apart]  # of several the first: the others are runners-up
        scores = _scores(columns[row * width : (row + 1) * width])
        index = _index(label, names)
        largest = max(scores, default=0.0)
        if index is not None and 0 <= index < len(scores):
            if scores[index] >= largest - tolerance * max(1.0, abs(largest)):
                continue
        best = scores.index(largest) if scores else 0
        named = names[best] if isinstance(label, str) and best < len(names) else best
        message = f"tensor {tensor.name!r}: row {row} is not the largest column of {of.name!r}"
        due = f"{shown(named)}, as {of.name!r} says"
        yield Broken("tensor-argmax", message, pair[0].path, due, shown(label))
        return


def _rows(tensor: Tensor, found: Carried) -> int:
    if not isinstance(tensor.shape[0], str):
        return 1
    shape = found.shape if isinstance(found.shape, list) else [len(found.data)]
    return int(shape[0])


def _scores(columns: list[Any]) -> list[float]:
    scores = [float(item) for item in columns if not isinstance(item, str)]
    return [1.0 - scores[0], scores[0]] if len(scores) == 1 else scores


def _index(label: Any, names: Sequence[str]) -> int | None:
    if isinstance(label, str):
        return names.index(label) if label in names else None
    if isinstance(label, (int, float)) and math.isfinite(label) and label == int(label):
        return int(label)
    return None
