"""{"instances": [row, ...]} -> {"predictions": [row, ...]}; a row of several is an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.contract.forms.base import Encoding, Form, batched, no_list, no_member, row_by_row
from harness.contract.judging.tensors import Broken, Carried, shape_of
from harness.contract.requests.cases import JSON_TYPE, dumps

if TYPE_CHECKING:
    from harness.config.schema import Tensor

_COLUMNS, _COLUMNS_OUT = "inputs", "outputs"  # TensorFlow Serving's other way to write tensors


class Rows(Form):
    """The rows of a request and the results of an answer are items of one list."""

    by_rows = True

    @property
    def has_batch(self) -> bool:
        return batched(self.inputs) or not self.inputs

    def malformed(self, request: Any) -> list[Broken]:
        others = [key for key in self.preset.alternatives if no_member(request, key) == []]
        if len(others) == 1 and self.preset.request not in request:
            return []
        if others:  # "either of them but NOT both": tensorflow_serving/g3doc/api_rest.md
            wanted = f"one of {', '.join((self.preset.request, *self.preset.alternatives))}"
            return [Broken("protocol", "two kinds of input", "$", wanted, ", ".join(request)[:80])]
        return no_list(request, self.preset.request, filled=True)

    def carried(self, answer: Any) -> list[Carried] | Broken:
        if self._by_columns(answer):
            return _named(answer[_COLUMNS_OUT], _COLUMNS_OUT, self.outputs)
        broken = no_list(answer, self.preset.answer)
        return broken[0] if broken else self._columns(answer, self.preset.answer, self.outputs)

    def sent(self, request: Any) -> list[Carried]:
        if self.preset.request not in request:
            known = _COLUMNS in self.preset.alternatives and _COLUMNS in request
            return _named(request[_COLUMNS], _COLUMNS, self.inputs) if known else []
        return self._columns(request, self.preset.request, self.inputs)

    def request(self, tensors: Mapping[str, Any]) -> Any:
        if len(tensors) == 1:
            return {self.preset.request: next(iter(tensors.values()))}
        return {self.preset.request: row_by_row(tensors)}

    def by_columns(self, tensors: Mapping[str, Any]) -> Any:
        return {_COLUMNS: dict(tensors)} if _COLUMNS in self.preset.alternatives else None

    def split(self, request: Any) -> list[Any] | None:
        rows = request.get(self.preset.request) if isinstance(request, dict) else None
        return rows if isinstance(rows, list) and self.has_batch else None

    def join(self, rows: Sequence[Any]) -> Any:
        return {self.preset.request: list(rows)}

    def results(self, answer: Any) -> list[Any] | None:
        if self._by_columns(answer):
            columns = answer[_COLUMNS_OUT]
            return row_by_row(columns) if isinstance(columns, dict) else _listed(columns)
        rows = answer.get(self.preset.answer) if isinstance(answer, dict) else None
        return rows if isinstance(rows, list) else None

    def encodings(self, request: Any) -> Iterator[Encoding]:
        rows = self.split(request)
        if not rows or set(request) != {self.preset.request}:
            return
        columns = _as_columns(rows) if "columns" in self.preset.encodings else None
        if columns is not None:
            yield Encoding("columns", {"Content-Type": JSON_TYPE}, dumps({_COLUMNS: columns}))
        if "named" in self.preset.encodings and len(self.inputs) == 1 and not _holds_object(rows):
            name = self.inputs[0].name
            named = dumps(self.join([{name: row} for row in rows]))
            yield Encoding("named rows", {"Content-Type": JSON_TYPE}, named)
            if columns is not None:
                body = dumps({_COLUMNS: {name: columns}})
                yield Encoding("named columns", {"Content-Type": JSON_TYPE}, body)

    def _by_columns(self, answer: Any) -> bool:
        known = _COLUMNS in self.preset.alternatives and isinstance(answer, dict)
        return known and self.preset.answer not in answer and _COLUMNS_OUT in answer

    def _columns(self, value: Any, key: str, tensors: Sequence[Tensor]) -> list[Carried]:
        rows = value[key]
        if len(tensors) == 1 and not (rows and isinstance(rows[0], dict)):
            return [Carried(tensors[0].name, rows, f"$.{key}")]
        return [
            Carried(tensor.name, [row[tensor.name] for row in rows], f"$.{key}[*].{tensor.name}")
            for tensor in tensors
            if all(isinstance(row, dict) and tensor.name in row for row in rows)
        ]


def _named(columns: Any, key: str, tensors: Sequence[Tensor]) -> list[Carried]:
    """Tensors that are written as one list for each name, or as the only one without its name."""
    if isinstance(columns, dict):
        return [Carried(name, column, f"$.{key}.{name}") for name, column in columns.items()]
    return [Carried(tensors[0].name, columns, f"$.{key}")] if len(tensors) == 1 else []


def _as_columns(rows: list[Any]) -> Any:
    """Rows as one tensor for each name, or as the only tensor; None where they do not fit."""
    if not all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows):
        return rows if shape_of(rows) is not None and not _holds_object(rows) else None
    if rows[0].keys() == {"b64"}:
        return rows
    return {name: [row[name] for row in rows] for name in rows[0]}


def _holds_object(rows: list[Any]) -> bool:
    return any(isinstance(row, dict) for row in rows)


def _listed(value: Any) -> list[Any] | None:
    return value if isinstance(value, list) else None


FORM = Rows
