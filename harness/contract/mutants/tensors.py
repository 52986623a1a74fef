"""Requests of named tensors that contradict themselves or the model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from harness.contract.judging.tensors import REALS

# (what was changed, the changed request, whether any protocol has to refuse it)
Mutant = tuple[str, Any, bool]
_NUMBERS = (*REALS, "INT64")


def tensor_mutants(value: Any, key: str) -> Iterator[Mutant]:
    """Mutants of {key: [{"name", "shape", "datatype", "data"}, ...]}, the telling ones first."""
    tensors = value.get(key) if isinstance(value, dict) else None
    if not isinstance(tensors, list) or not tensors or not isinstance(tensors[0], dict):
        return
    first, *others = tensors

    def request(*changed: dict[str, Any], **extra: Any) -> dict[str, Any]:
        return {**value, key: list(changed), **extra}

    for what, tensor, surely in _of_one(first):
        yield what, request(tensor, *others), surely
    unknown = {**first, "name": "no-such-input"}
    yield "an unknown name for an input", request(unknown, *others), True
    yield "an input that is missing", request(*others), True
    yield "an input that nobody asked for", request(*tensors, unknown), False
    yield "the same input twice", request(first, *tensors), False
    wanted = [{"name": "no-such-output"}]
    yield "a requested output that does not exist", request(*tensors, outputs=wanted), False


def _of_one(tensor: dict[str, Any]) -> Iterator[Mutant]:
    shape, data = tensor.get("shape"), tensor.get("data")
    if not (isinstance(shape, list) and shape and isinstance(data, list) and data):
        return
    longer = [*shape[:-1], shape[-1] + 1]
    yield "a shape larger than the data", {**tensor, "shape": longer}, True
    yield "data longer than the shape", {**tensor, "data": [*data, data[-1]]}, True
    negative = [-size for size in shape]
    yield "negative dimensions", {**tensor, "shape": negative}, True
    yield "a dimension of -1", {**tensor, "shape": [-1, *shape[1:]]}, True
    vast = [2**31, 2**31, *shape[1:]]
    yield f"a shape of {math.prod(vast)} elements", {**tensor, "shape": vast}, True
    yield "one dimension more", {**tensor, "shape": [1, *shape]}, True
    yield "no rows", {**tensor, "shape": [0, *shape[1:]], "data": []}, False
    yield "an unknown datatype", {**tensor, "datatype": "FP31"}, True
    yield from _of_datatype(tensor, data)


def _of_datatype(tensor: dict[str, Any], data: list[Any]) -> Iterator[Mutant]:
    number = tensor.get("datatype") not in ("BYTES", "BOOL")
    if number:
        words = ["text"] * len(data)
        yield "texts where numbers are due", {**tensor, "data": words}, True
        yield "texts declared as such", {**tensor, "datatype": "BYTES", "data": words}, True
        # Many servers convert numbers, and no protocol says that they must not.
        other = next(name for name in _NUMBERS if name != tensor.get("datatype"))
        yield f"datatype {other}", {**tensor, "datatype": other}, False
    else:
        numbers = list(range(len(data)))
        yield "numbers where there are none", {**tensor, "datatype": "FP32", "data": numbers}, True
