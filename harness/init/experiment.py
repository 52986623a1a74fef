"""What a plain service really asks of a request: members left out, lists made longer, and so on.

One example says of everything only that it may be so. Each trial changes one thing in it: what the
service still serves is allowed, what it refuses is not.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from harness.init.infer import schema as inferred

Serves = Callable[[Any], bool]  # whether a request is answered with 200
_MOST = 150  # trials
_LONGEST = 64  # items that are looked at one by one
_UNKNOWN = "releasegate_extra"
Step = str | int


class Experiment:
    """The schema of requests, from examples that are served and from trials."""

    def __init__(self, examples: Sequence[Any], serves: Serves) -> None:
        self._examples = examples
        self._serves = serves
        self.trials = 0

    def schema(self) -> dict[str, Any]:
        """What was found out."""
        found = inferred(self._examples, "A request, inferred by `gate init`")
        self._visit(found, self._examples[0], ())
        return found

    def _visit(self, schema: dict[str, Any], value: Any, at: tuple[Step, ...]) -> None:
        if self.trials >= _MOST:
            return
        if isinstance(value, dict):
            self._members(schema, value, at)
        elif isinstance(value, list):
            self._items(schema, value, at)
        elif isinstance(value, str):
            if value and not self._try(at, ""):
                schema["minLength"] = 1
        elif type(value) is int and schema.get("type") == "integer" and self._try(at, value + 0.5):
            schema["type"] = "number"

    def _members(self, schema: dict[str, Any], value: dict[str, Any], at: tuple[Step, ...]) -> None:
        required = [name for name in schema["required"] if name in value]
        schema["required"] = [name for name in required if not self._try(at, _without(value, name))]
        if not self._try(at, {**value, _UNKNOWN: 1}):
            schema["additionalProperties"] = False
        for name, member in value.items():
            self._visit(schema["properties"][name], member, (*at, name))

    def _items(self, schema: dict[str, Any], value: list[Any], at: tuple[Step, ...]) -> None:
        for key in ("minItems", "maxItems"):
            schema.pop(key, None)
        if not value:
            return
        lengths = {len(found) for found in self._lists(at)}
        shorter, longer = self._try(at, value[:-1]), self._try(at, [*value, value[-1]])
        if not shorter:
            schema["minItems"] = min(lengths)
        elif len(value) > 1 and not self._try(at, []):
            schema["minItems"] = 1
        if not longer:
            schema["maxItems"] = max(lengths)
        if "items" in schema and len(value) <= _LONGEST:
            self._visit(schema["items"], value[0], (*at, 0))

    def _lists(self, at: tuple[Step, ...]) -> Iterator[list[Any]]:
        for example in self._examples:
            found = _get(example, at)
            if isinstance(found, list):
                yield found

    def _try(self, at: tuple[Step, ...], value: Any) -> bool:
        self.trials += 1
        return self._serves(_put(self._examples[0], at, value))


def _without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != name}


def _get(value: Any, at: tuple[Step, ...]) -> Any:
    for step in at:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _put(value: Any, at: tuple[Step, ...], part: Any) -> Any:
    if not at:
        return part
    changed = copy.deepcopy(value)
    _get(changed, at[:-1])[at[-1]] = part
    return changed
