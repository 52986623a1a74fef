"""The three forms in which protocols carry tensors: members of an object, rows, named tensors.

A form takes a request apart into rows and puts rows together into a request, so that rows can be
sent alone and together, and finds each row's result in an answer.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.contract.presets import Preset
from harness.contract.tensors import Broken, Carried, flatten, reshape, shape_of

if TYPE_CHECKING:
    from harness.config.schema import Tensor


class Form(ABC):
    """How one protocol writes tensors as JSON."""

    def __init__(self, preset: Preset, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        self.preset = preset
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)

    @property
    @abstractmethod
    def has_batch(self) -> bool:
        """Whether one request may carry several rows."""

    @abstractmethod
    def malformed(self, request: Any) -> list[Broken]:
        """Why a request cannot be one of the protocol, whatever the model; [] where it can."""

    @abstractmethod
    def carried(self, answer: Any) -> list[Carried] | Broken:
        """The tensors of an answer, or why there are none to be found."""

    @abstractmethod
    def sent(self, request: Any) -> list[Carried]:
        """The tensors of a well-formed request."""

    @abstractmethod
    def request(self, tensors: Mapping[str, Any]) -> Any:
        """A request with these tensors: nested lists by name, the batch first."""

    @abstractmethod
    def split(self, request: Any) -> list[Any] | None:
        """The rows of a request, to be joined again; None where it has none."""

    @abstractmethod
    def join(self, rows: Sequence[Any]) -> Any:
        """A request with these rows."""

    @abstractmethod
    def results(self, answer: Any) -> list[Any] | None:
        """One result for each row of an answer; None where they cannot be told apart."""

    def prediction(self, answer: Any) -> Any:
        """The part of an answer that must be equal for equal requests."""
        return answer


def batched(tensors: Sequence[Tensor]) -> bool:
    """Whether every tensor's first dimension is a word, as in ["batch", 64]."""
    return bool(tensors) and all(isinstance(tensor.shape[0], str) for tensor in tensors)


def _declared_rows(tensors: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Row i of every tensor beside each other; None where they differ in length."""
    lengths = {len(data) if isinstance(data, list) else -1 for data in tensors.values()}
    if len(lengths) != 1 or -1 in lengths:
        return None
    return [{name: data[i] for name, data in tensors.items()} for i in range(lengths.pop())]


class Members(Form):
    """Plain JSON: each declared tensor is a member of one object."""

    @property
    def has_batch(self) -> bool:
        return batched(self.inputs)

    def malformed(self, request: Any) -> list[Broken]:
        return _no_object(request) if self.inputs else []

    def carried(self, answer: Any) -> list[Carried] | Broken:
        if not self.outputs:
            return []
        return _no_object(answer)[0] if _no_object(answer) else self._members(answer, self.outputs)

    def sent(self, request: Any) -> list[Carried]:
        return self._members(request, self.inputs)

    def request(self, tensors: Mapping[str, Any]) -> Any:
        return dict(tensors)

    def split(self, request: Any) -> list[Any] | None:
        if not self.has_batch or not isinstance(request, dict):
            return None
        return _declared_rows({t.name: request.get(t.name) for t in self.inputs})

    def join(self, rows: Sequence[Any]) -> Any:
        return {name: [row[name] for row in rows] for name in rows[0]}

    def results(self, answer: Any) -> list[Any] | None:
        columns = [t.name for t in self.outputs if isinstance(t.shape[0], str)]
        if not columns or not isinstance(answer, dict):
            return None
        return _declared_rows({name: answer.get(name) for name in columns})

    @staticmethod
    def _members(value: dict[str, Any], tensors: Sequence[Tensor]) -> list[Carried]:
        return [Carried(t.name, value[t.name], f"$.{t.name}") for t in tensors if t.name in value]


class Rows(Form):
    """{"instances": [row, ...]} -> {"predictions": [row, ...]}; a row of several is an object."""

    @property
    def has_batch(self) -> bool:
        return batched(self.inputs) or not self.inputs

    def malformed(self, request: Any) -> list[Broken]:
        if isinstance(request, dict) and any(key in request for key in self.preset.alternatives):
            return []
        return _no_list(request, self.preset.request, filled=True)

    def carried(self, answer: Any) -> list[Carried] | Broken:
        if isinstance(answer, dict) and self.preset.answer not in answer and "outputs" in answer:
            return []  # the answer to a request by columns
        broken = _no_list(answer, self.preset.answer)
        return broken[0] if broken else self._columns(answer, self.preset.answer, self.outputs)

    def sent(self, request: Any) -> list[Carried]:
        if self.preset.request not in request:
            return []
        return self._columns(request, self.preset.request, self.inputs)

    def request(self, tensors: Mapping[str, Any]) -> Any:
        if len(tensors) == 1:
            return {self.preset.request: next(iter(tensors.values()))}
        return {self.preset.request: _declared_rows(tensors)}

    def split(self, request: Any) -> list[Any] | None:
        rows = request.get(self.preset.request) if isinstance(request, dict) else None
        return rows if isinstance(rows, list) and self.has_batch else None

    def join(self, rows: Sequence[Any]) -> Any:
        return {self.preset.request: list(rows)}

    def results(self, answer: Any) -> list[Any] | None:
        rows = answer.get(self.preset.answer) if isinstance(answer, dict) else None
        return rows if isinstance(rows, list) else None

    def _columns(self, value: Any, key: str, tensors: Sequence[Tensor]) -> list[Carried]:
        rows = value[key]
        if len(tensors) == 1 and not (rows and isinstance(rows[0], dict)):
            return [Carried(tensors[0].name, rows, f"$.{key}")]
        return [
            Carried(tensor.name, [row[tensor.name] for row in rows], f"$.{key}[*].{tensor.name}")
            for tensor in tensors
            if all(isinstance(row, dict) and tensor.name in row for row in rows)
        ]


class Tensors(Form):
    """{"inputs": [tensor, ...]} -> {"outputs": [tensor, ...]}, each with name, shape, datatype."""

    @property
    def has_batch(self) -> bool:
        return batched(self.inputs)

    def malformed(self, request: Any) -> list[Broken]:
        broken = _no_list(request, self.preset.request, filled=True)
        return broken or _no_tensors(request, self.preset.request)

    def carried(self, answer: Any) -> list[Carried] | Broken:
        key = self.preset.answer
        broken = _no_list(answer, key) or _no_tensors(answer, key)
        return broken[0] if broken else _carried(answer[key], key)

    def sent(self, request: Any) -> list[Carried]:
        return _carried(request[self.preset.request], self.preset.request)

    def request(self, tensors: Mapping[str, Any]) -> Any:
        datatypes = {tensor.name: tensor.datatype for tensor in self.inputs}
        return {
            self.preset.request: [
                {
                    "name": name,
                    "shape": shape_of(data),
                    "datatype": datatypes.get(name, "FP32"),
                    "data": flatten(data),
                }
                for name, data in tensors.items()
            ]
        }

    def split(self, request: Any) -> list[Any] | None:
        if not self.has_batch or self.malformed(request):
            return None
        return _rows(self.sent(request))

    def join(self, rows: Sequence[Any]) -> Any:
        return self.request({name: [row[name] for row in rows] for name in rows[0]})

    def results(self, answer: Any) -> list[Any] | None:
        carried = self.carried(answer)
        words = {t.name for t in self.outputs if not isinstance(t.shape[0], str)}
        if isinstance(carried, Broken):
            return None
        return _rows([tensor for tensor in carried if tensor.name not in words])

    def prediction(self, answer: Any) -> Any:
        # Servers add an id of their own where the request has none.
        return answer.get(self.preset.answer) if isinstance(answer, dict) else answer


FORMS: dict[str, type[Form]] = {"object": Members, "rows": Rows, "tensors": Tensors}


def _rows(carried: list[Carried]) -> list[Any] | None:
    """Row i of every tensor, where shapes and data agree; None where they do not."""
    tensors = {}
    for tensor in carried:
        flat, shape = flatten(tensor.data), tensor.shape
        sound = isinstance(shape, list) and shape and all(type(n) is int and n >= 0 for n in shape)
        if not sound or math.prod(shape) != len(flat):
            return None
        tensors[tensor.name] = reshape(flat, shape)
    return _declared_rows(tensors) if tensors else None


def _carried(tensors: list[dict[str, Any]], key: str) -> list[Carried]:
    return [
        Carried(t["name"], t["data"], f"$.{key}[{index}].data", t["shape"], t["datatype"])
        for index, t in enumerate(tensors)
    ]


def _no_object(value: Any) -> list[Broken]:
    if isinstance(value, dict):
        return []
    return [Broken("protocol", "no JSON object", "$", "an object", type(value).__name__)]


def _no_list(value: Any, key: str, filled: bool = False) -> list[Broken]:
    if not isinstance(value, dict):
        return _no_object(value)
    if key not in value:
        members = ", ".join(repr(name)[:40] for name in list(value)[:8]) or "none"
        return [Broken("protocol", f"member {key!r} is missing", f"$.{key}", key, members)]
    if not isinstance(value[key], list) or (filled and not value[key]):
        kind = "an empty list" if value[key] == [] else type(value[key]).__name__
        return [Broken("protocol", f"member {key!r} is no list", f"$.{key}", "a list", kind)]
    return []


def _no_tensors(value: Any, key: str) -> list[Broken]:
    for index, tensor in enumerate(value[key]):
        where = f"$.{key}[{index}]"
        if not isinstance(tensor, dict):
            return [Broken("protocol", "a tensor is no object", where, "an object")]
        for member, kind in (("name", str), ("shape", list), ("datatype", str), ("data", list)):
            if not isinstance(tensor.get(member), kind):
                expected, received = kind.__name__, type(tensor.get(member)).__name__
                message = f"a tensor has no proper {member!r}"
                return [Broken("protocol", message, f"{where}.{member}", expected, received)]
    return []
