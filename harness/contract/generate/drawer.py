"""Drawing instances of one schema, and throwing away what its validator refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.contract.generate.conjunction import Impossible, Node, Opener
from harness.contract.generate.drawing import Drawing
from harness.contract.requests.chance import Chance
from harness.contract.schema.explain import registered, specification
from harness.contract.schema.schemas import Schema

_TRIES = 60
_ONCE = 6  # tries for one value
_EXHAUSTED = 2  # attempts that came to nothing after very many values: there will be no other
# What a schema may want that hardly says what it wants.
_PLAIN: tuple[Any, ...] = (
    *(None, False, True, 0, 1, -1, 2, 10, 0.5, 1e6, "", "a", "foo", "example text"),
    *([], [1], [1, 2, 3], ["a"], [None], {}, {"foo": 1}, {"foo": "bar"}, {"a": {}}),
)


class Drawer:
    """Draws instances of a JSON Schema; whatever it gives, the schema accepts."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        _, resolver = registered(schema.document, schema.kind, schema.library)
        self._root = Node(schema.document, resolver)
        self._exhausted = 0  # attempts in vain that took very many values

    def draw(self, chance: Chance) -> Any:
        """One instance. Raises Impossible where none was found with these choices."""
        for _ in range(_ONCE):
            value = self._attempt(chance)
            if value is not _NONE and self._schema.accepts(value):
                return value
        raise Impossible

    def instances(self, count: int, seed: int = 1) -> Iterator[Any]:
        """Up to `count` different values, the same ones for a seed; fewer where it is narrow."""
        seen: set[str] = set()
        for value in self._values(Chance.seeded(seed), _TRIES + 4 * count):
            key = json.dumps(value, sort_keys=True)
            if len(seen) < count and key not in seen:
                seen.add(key)
                yield value
            if len(seen) >= count:
                return

    def boundaries(self) -> Iterator[Any]:
        """The least and the most: lowest, shortest, empty; and highest, longest, everything."""
        for chance in (Chance(lambda n: 0), Chance(lambda n: n - 1)):
            value = self._attempt(chance)
            if value is not _NONE and self._schema.accepts(value):
                yield value

    def _values(self, chance: Chance, tries: int) -> Iterator[Any]:
        found = False
        for _ in range(tries):
            value = self._attempt(chance)
            if value is not _NONE and self._schema.accepts(value):
                found = True
                yield value
        if not found:
            yield from filter(self._schema.accepts, _PLAIN)

    def _attempt(self, chance: Chance) -> Any:
        from referencing.exceptions import Unresolvable

        draft7 = self._schema.kind == "Draft7Validator"
        if self._exhausted >= _EXHAUSTED:
            return _NONE
        opener = Opener(chance, draft7, specification(self._schema.kind))
        drawing = Drawing(chance, opener, draft7)
        try:
            return drawing.value([self._root])
        except (Impossible, Unresolvable, RecursionError):
            self._exhausted += drawing.exhausted
            return _NONE


_NONE = object()
