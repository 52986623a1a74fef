"""Requests in which one declared input is not what it is declared as, or not as long as the others.

A table has a column of its own type for each input, so that it is not enough to look at the first
and the last value of a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness.contract.forms import Form
from harness.contract.judging.tensors import INTEGERS

if TYPE_CHECKING:
    from harness.config.schema import Tensor

_INPUTS = 8  # that are looked at, one after the other

# (what was changed, the changed request, whether lenient readers forgive it)
Mutant = tuple[str, Any, bool]


def input_mutants(form: Form, tensors: Mapping[str, Any]) -> Iterator[Mutant]:
    """Requests of `tensors`, nested lists by name, with one wrong element each."""
    for item in form.inputs[:_INPUTS]:
        data = tensors[item.name]
        first = _first(data)
        for what, wrong, forgiven in _wrong(item, first) if first is not None else ():
            changed = {**tensors, item.name: _with_first(data, wrong)}
            yield f"{what} in input {item.name!r}", form.request(changed), forgiven


def uneven(form: Form, tensors: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Requests of `tensors`, two rows each, of which one input has lost the last."""
    if len(form.inputs) < 2:
        return
    for item in (form.inputs[-1], form.inputs[0]):
        changed = {**tensors, item.name: tensors[item.name][:-1]}
        request = form.by_columns(changed)
        if request is not None:
            yield f"one row less in input {item.name!r} than in the others", request


def _wrong(item: Tensor, first: Any) -> Iterator[Mutant]:
    kind = item.datatype
    if kind == "BYTES":
        yield "a number where a text is due", 42, False
        if item.labels:
            yield "a text that is no label", _no_label(item.labels), False
        return
    if kind == "BOOL":
        yield "a text where true or false is due", "maybe", False
        return
    if kind in INTEGERS:
        yield f"a fraction where {kind} is due", first + 0.5, False
    yield f"a text where {kind} is due", "not a number", False
    yield f"true where {kind} is due", True, True
    yield f"a number as text where {kind} is due", str(first), True


def _no_label(labels: list[str]) -> str:
    label = "no-such-label"
    while label in labels:
        label += "-either"
    return label


def _first(data: Any) -> Any:
    """The first element of nested lists, None where they are empty."""
    while isinstance(data, list):
        data = data[0] if data else None
    return data


def _with_first(data: Any, item: Any) -> Any:
    """A copy of nested lists with another first element."""
    return [_with_first(data[0], item), *data[1:]] if isinstance(data, list) else item
