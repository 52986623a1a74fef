"""Plain JSON: each declared tensor is a member of one object, which may stand in a member itself.

Of one declared output a preset with `bare` also takes the value alone, without its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.contract.forms.base import Form, batched, no_member, no_object, row_by_row
from harness.contract.judging.tensors import Broken, Carried

if TYPE_CHECKING:
    from harness.config.schema import Tensor


class Members(Form):
    """{"x": ...} -> {"y": ...}; for Cog {"input": {"x": ...}} -> {"output": ...}."""

    @property
    def adds_members(self) -> bool:
        return bool(self.preset.answer)

    @property
    def has_batch(self) -> bool:
        return batched(self.inputs)

    def malformed(self, request: Any) -> list[Broken]:
        key = self.preset.request
        if key:
            return no_member(request, key) or no_object(request[key], f"$.{key}")
        return no_object(request) if self.inputs else []

    def carried(self, answer: Any) -> list[Carried] | Broken:
        key, where = self.preset.answer, "$"
        if key:
            broken = no_member(answer, key)
            if broken:
                return broken[0]
            answer, where = answer[key], f"$.{key}"
        if not self.outputs:
            return []
        if self._is_bare(answer):
            return [Carried(self.outputs[0].name, answer, where)]
        broken = no_object(answer, where)
        return broken[0] if broken else _members(answer, self.outputs, where)

    def sent(self, request: Any) -> list[Carried]:
        key = self.preset.request
        if key:
            return _members(request[key], self.inputs, f"$.{key}")
        return _members(request, self.inputs, "$")

    def request(self, tensors: Mapping[str, Any]) -> Any:
        key = self.preset.request
        return {key: dict(tensors)} if key else dict(tensors)

    def by_columns(self, tensors: Mapping[str, Any]) -> Any:
        return self.request(tensors)

    def split(self, request: Any) -> list[Any] | None:
        if not self.has_batch or self.malformed(request):
            return None
        return row_by_row({t.name: None for t in self.inputs} | _data(self.sent(request)))

    def join(self, rows: Sequence[Any]) -> Any:
        return self.request({name: [row[name] for row in rows] for name in rows[0]})

    def results(self, answer: Any) -> list[Any] | None:
        columns = [t.name for t in self.outputs if isinstance(t.shape[0], str)]
        carried = self.carried(answer) if columns else []
        if isinstance(carried, Broken) or not columns:
            return None
        found = _data(carried)
        return row_by_row({name: found.get(name) for name in columns})

    def prediction(self, answer: Any) -> Any:
        key = self.preset.answer  # what stands beside it are ids and times
        return answer[key] if key and isinstance(answer, dict) and key in answer else answer

    def _is_bare(self, value: Any) -> bool:
        if not self.preset.bare or len(self.outputs) != 1:
            return False
        return not (isinstance(value, dict) and self.outputs[0].name in value)


def _members(value: dict[str, Any], tensors: Sequence[Tensor], where: str) -> list[Carried]:
    return [Carried(t.name, value[t.name], f"{where}.{t.name}") for t in tensors if t.name in value]


def _data(carried: Sequence[Carried]) -> dict[str, Any]:
    return {tensor.name: tensor.data for tensor in carried}


FORM = Members
