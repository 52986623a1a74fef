"""Seldon's V1 message: {"data": {"names": [...], "ndarray": [[...]]}}, or a tensor with its shape.

One declared tensor is the whole array; several are its columns, by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.contract.forms.base import Encoding, Form, batched, no_member, no_object, row_by_row
from harness.contract.judging.tensors import Broken, Carried, flatten, reshape, shape_of
from harness.contract.requests.cases import JSON_TYPE, dumps

_NDARRAY, _TENSOR, _NAMES = "ndarray", "tensor", "names"


class SeldonMessage(Form):
    """`data` in and out; `meta` beside it is ids, tags and metrics."""

    by_rows = True

    @property
    def adds_members(self) -> bool:
        return True

    @property
    def has_batch(self) -> bool:
        return batched(self.inputs) or not self.inputs

    def malformed(self, request: Any) -> list[Broken]:
        if isinstance(request, dict) and any(key in request for key in self.preset.alternatives):
            return []
        return self._no_array(request, self.preset.request)

    def carried(self, answer: Any) -> list[Carried] | Broken:
        key = self.preset.answer
        if isinstance(answer, dict) and key not in answer:
            if any(other in answer for other in self.preset.alternatives):
                return []
        broken = self._no_array(answer, key)
        return broken[0] if broken else self._tensors(answer[key], self.outputs, f"$.{key}")

    def sent(self, request: Any) -> list[Carried]:
        key = self.preset.request
        return self._tensors(request[key], self.inputs, f"$.{key}") if key in request else []

    def request(self, tensors: Mapping[str, Any]) -> Any:
        if len(tensors) == 1:
            return {self.preset.request: {_NDARRAY: next(iter(tensors.values()))}}
        rows = [list(row.values()) for row in row_by_row(tensors) or ()]
        return {self.preset.request: {_NAMES: list(tensors), _NDARRAY: rows}}

    def split(self, request: Any) -> list[Any] | None:
        key = self.preset.request
        if not self.has_batch or self.malformed(request) or key not in request:
            return None
        rows = _array(request[key])
        names = _names(request[key])
        return [{_NAMES: names, "row": row} for row in rows] if names else rows

    def join(self, rows: Sequence[Any]) -> Any:
        if not isinstance(rows[0], dict):
            return {self.preset.request: {_NDARRAY: list(rows)}}
        array = [row["row"] if isinstance(row, dict) else row for row in rows]
        return {self.preset.request: {_NAMES: rows[0][_NAMES], _NDARRAY: array}}

    def results(self, answer: Any) -> list[Any] | None:
        key = self.preset.answer
        return None if self._no_array(answer, key) else _array(answer[key])

    def prediction(self, answer: Any) -> Any:
        key = self.preset.answer
        return answer[key] if isinstance(answer, dict) and key in answer else answer

    def encodings(self, request: Any) -> Iterator[Encoding]:
        key = self.preset.request
        if "tensor" not in self.preset.encodings or self.malformed(request) or key not in request:
            return
        array = _array(request[key])
        shape = shape_of(array)
        if shape is None or not all(type(item) in (int, float) for item in flatten(array)):
            return
        data = {name: item for name, item in request[key].items() if name == _NAMES}
        if _NDARRAY in request[key]:
            data[_TENSOR] = {"shape": shape, "values": flatten(array)}
        else:
            data[_NDARRAY] = array
        written = dumps({**request, key: data})
        name = _TENSOR if _TENSOR in data else _NDARRAY
        yield Encoding(f"data.{name}", {"Content-Type": JSON_TYPE}, written)

    @staticmethod
    def _no_array(value: Any, key: str) -> list[Broken]:
        broken = no_member(value, key) or no_object(value[key], f"$.{key}")
        if broken:
            return broken
        data = value[key]
        if isinstance(data.get(_NDARRAY), list) or _sound(data.get(_TENSOR)):
            return []
        there = ", ".join(list(data)[:4]) or "none"
        wanted = '"ndarray": [...] or "tensor": {"shape": [...], "values": [...]}'
        return [Broken("protocol", "no array in the data", f"$.{key}", wanted, there)]

    @staticmethod
    def _tensors(data: Any, tensors: Sequence[Any], where: str) -> list[Carried]:
        kind = _NDARRAY if _NDARRAY in data else _TENSOR
        rows = _array(data)
        if len(tensors) == 1:
            return [Carried(tensors[0].name, rows, f"{where}.{kind}")]
        names = _names(data)
        if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
            return []
        return [
            Carried(t.name, [row[names.index(t.name)] for row in rows], f"{where}.{kind}")
            for t in tensors
            if t.name in names
        ]


def _names(data: Any) -> list[Any]:
    names = data.get(_NAMES)
    return names if isinstance(names, list) else []


def _array(data: Any) -> list[Any]:
    if _NDARRAY in data:
        rows: list[Any] = data[_NDARRAY]
        return rows
    nested: list[Any] = reshape(data[_TENSOR]["values"], data[_TENSOR]["shape"])
    return nested


def _sound(tensor: Any) -> bool:
    if not isinstance(tensor, dict):
        return False
    shape, values = tensor.get("shape"), tensor.get("values")
    if not isinstance(shape, list) or not shape or not isinstance(values, list):
        return False
    whole = all(type(size) is int and size >= 0 for size in shape)
    return whole and math.prod(shape) == len(values)


FORM = SeldonMessage
