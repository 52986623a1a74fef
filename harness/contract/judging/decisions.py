"""What a model decides by its scores: the largest column of each row, where it clearly leads."""

from __future__ import annotations

from typing import Any

from harness.contract.forms import Form
from harness.contract.judging.tensors import Broken, flatten, shape_of


def decided_otherwise(form: Form, then: Any, now: Any, tolerance: float) -> bool:
    """Whether two answers have another largest column in a row of an output that scores classes.

    An output scores classes where it is declared with the `labels` of its columns, or to sum to
    something. A lead that numbers within `tolerance` could have turned around does not count.
    """
    names = {t.name for t in form.outputs if (t.labels and t.datatype != "BYTES") or t.sums_to}
    if not names:
        return False
    before, after = _rows(form, then, names), _rows(form, now, names)
    pairs = [
        (one, other)
        for name in before.keys() & after.keys()
        for one, other in zip(before[name], after[name], strict=False)
    ]
    return any(_another(one, other, tolerance) for one, other in pairs)


def _rows(form: Form, answer: Any, names: set[str]) -> dict[str, list[list[float]]]:
    carried = form.carried(answer)
    found: dict[str, list[list[float]]] = {}
    for tensor in [] if isinstance(carried, Broken) else carried:
        shape = tensor.shape or shape_of(tensor.data)
        flat = flatten(tensor.data)
        width = shape[-1] if isinstance(shape, list) and shape else 0
        numbers = all(isinstance(value, (int, float)) for value in flat)
        if tensor.name in names and isinstance(width, int) and width > 1 and numbers:
            found[tensor.name] = [flat[i : i + width] for i in range(0, len(flat), width)]
    return found


def _another(one: list[float], other: list[float], tolerance: float) -> bool:
    if len(one) != len(other):
        return True
    first, second = _best(one), _best(other)
    lead = min(one[first] - one[second], other[second] - other[first])
    return first != second and lead > 2 * tolerance  # each score may move by as much


def _best(row: list[float]) -> int:
    return max(range(len(row)), key=row.__getitem__)
