"""Tensors from requests and answers in which nobody named them: shapes, datatypes, the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.config.schema import Tensor
from harness.contract import Contract, Exchange
from harness.contract.forms import Form
from harness.contract.judging.tensors import Broken, Carried, flatten, reshape, shape_of
from harness.init.ask import Asking
from harness.init.infer import is_distribution


def inputs_of(contract: Contract, asking: Asking, examples: Sequence[Any]) -> tuple[Tensor, ...]:
    """Tensors of the first example; its rows twice tell whether there is a batch."""
    form, first = contract.form, examples[0]
    carried = form.sent(first) or _columns(form.split(first), "inputs")
    guessed = tuple(_tensor(item) for item in carried)
    if not all(guessed):
        return ()
    rows = form.split(first) or []

    def serves(tried: list[Any]) -> bool:
        return bool(rows) and asking.value(contract.predict_path, form.join(tried)).succeeded

    batched = serves([*rows, *rows])
    found = []
    for item, said in zip(guessed, carried, strict=True):
        if item is not None:
            whole = item.datatype == "INT64" and said.datatype is None
            real = whole and serves([_halved(rows[0], item.name)])
            found.append(_batched(_as(item, "FP32") if real else item, batched))
    return tuple(found)


def _halved(row: Any, name: str) -> Any:
    """The row with half of one more in the first number of a tensor."""
    if isinstance(row, dict):
        return {**row, name: _halved(row[name], "")}
    if isinstance(row, list):
        return [_halved(row[0], ""), *row[1:]] if row else row
    return row + 0.5


def _as(tensor: Tensor, datatype: str) -> Tensor:
    return tensor.model_copy(update={"datatype": datatype})


def outputs_of(form: Form, exchanges: Sequence[Exchange]) -> tuple[Tensor, ...]:
    """Tensors that all answers have in common."""
    found: list[list[Carried]] = []
    for exchange in exchanges:
        if exchange.comparable:
            carried = form.carried(exchange.parsed.value)
            listed = [] if isinstance(carried, Broken) else carried
            found.append(listed or _columns(form.results(exchange.parsed.value), "outputs"))
    if not found or not all(found):
        return ()
    common: list[Tensor] = []
    for first in found[0]:
        same = [item for listed in found for item in listed if item.name == first.name]
        guessed = [_tensor(item) for item in same]
        if len(same) == len(found) and all(guessed):
            tensors = [_batched(item, True) for item in guessed if item is not None]
            if all(item.shape == tensors[0].shape for item in tensors):
                kinds = {item.datatype for item in tensors}
                real = kinds & {"FP32", "FP64"}
                kind = real.pop() if real else tensors[0].datatype
                common.append(_as(tensors[0], kind))
    return tuple(common)


def _columns(rows: list[Any] | None, name: str) -> list[Carried]:
    """Rows as one tensor, or those of objects as one for each member."""
    if not rows:
        return []
    if all(isinstance(row, dict) for row in rows):
        names = [key for key in rows[0] if all(key in row for row in rows)]
        return [Carried(key, [row[key] for row in rows], "$") for key in names]
    return [Carried(name, rows, "$")]


def _tensor(carried: Carried) -> Tensor | None:
    stated = carried.shape if isinstance(carried.shape, list) else shape_of(carried.data)
    shape: list[int | str] = list(stated or ())
    if not shape:
        return None
    flat = flatten(carried.data)
    kinds = {type(item) for item in flat}
    guessed = "BOOL" if kinds == {bool} else "BYTES" if kinds == {str} else None
    if guessed is None and kinds and kinds <= {int, float}:
        guessed = "INT64" if kinds == {int} else "FP32"
    kind = carried.datatype if isinstance(carried.datatype, str) else guessed
    return None if kind is None else Tensor(name=carried.name, datatype=kind, shape=shape)


def _batched(tensor: Tensor, batched: bool) -> Tensor:
    if not batched:
        return tensor
    return tensor.model_copy(update={"shape": ["batch", *tensor.shape[1:]]})


def enriched(
    outputs: tuple[Tensor, ...], form: Form, exchanges: Sequence[Exchange]
) -> tuple[Tensor, ...]:
    """Probabilities are the one thing whose range and sum are guessed."""
    answers = [e.parsed.value for e in exchanges if e.comparable]
    full = type(form)(form.preset, form.inputs, outputs)
    rows: dict[str, list[Any]] = {tensor.name: [] for tensor in outputs}
    for answer in answers:
        carried = full.carried(answer)
        for item in [] if isinstance(carried, Broken) else carried:
            shape = item.shape if isinstance(item.shape, list) else None
            data = reshape(flatten(item.data), shape) if shape else item.data
            rows.setdefault(item.name, []).extend(data if isinstance(data, list) else [data])
    rules = {"range": [0.0, 1.0], "sums_to": 1.0}
    return tuple(
        tensor.model_copy(update=rules)
        if rows[tensor.name] and all(map(is_distribution, rows[tensor.name]))
        else tensor
        for tensor in outputs
    )
