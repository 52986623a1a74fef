"""A bare list of rows in, a bare list of results out: what NumPy users write without a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.contract.forms.base import Form, batched, row_by_row
from harness.contract.judging.tensors import Broken, Carried


class Array(Form):
    """[row, ...] -> [result, ...]; a row of several tensors is an object."""

    by_rows = True

    @property
    def has_batch(self) -> bool:
        return batched(self.inputs) or not self.inputs

    def malformed(self, request: Any) -> list[Broken]:
        if isinstance(request, list) and request:
            return []
        kind = "an empty list" if request == [] else type(request).__name__
        return [Broken("protocol", "no list of rows", "$", "a list", kind)]

    def carried(self, answer: Any) -> list[Carried] | Broken:
        if not isinstance(answer, list):
            return Broken("protocol", "no list of results", "$", "a list", type(answer).__name__)
        return self._columns(answer, self.outputs)

    def sent(self, request: Any) -> list[Carried]:
        return self._columns(request, self.inputs)

    def request(self, tensors: Mapping[str, Any]) -> Any:
        return next(iter(tensors.values())) if len(tensors) == 1 else row_by_row(tensors)

    def split(self, request: Any) -> list[Any] | None:
        return request if isinstance(request, list) and self.has_batch else None

    def join(self, rows: Sequence[Any]) -> Any:
        return list(rows)

    def results(self, answer: Any) -> list[Any] | None:
        return answer if isinstance(answer, list) else None

    @staticmethod
    def _columns(rows: list[Any], tensors: Sequence[Any]) -> list[Carried]:
        if len(tensors) == 1 and not (rows and isinstance(rows[0], dict)):
            return [Carried(tensors[0].name, rows, "$")]
        return [
            Carried(tensor.name, [row[tensor.name] for row in rows], f"$[*].{tensor.name}")
            for tensor in tensors
            if all(isinstance(row, dict) and tensor.name in row for row in rows)
        ]


FORM = Array
