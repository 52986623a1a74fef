"""One value for a list of subschemas that all have to hold, drawn from the outside inwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from harness.contract.generate import composites, scalars
from harness.contract.generate.conjunction import Conjunction, Impossible, Node, Opener
from harness.contract.generate.patterns import matching
from harness.contract.requests.chance import Chance

_SMALL = 5  # levels, below which arrays and objects are as small as they may be
_MANY = 150  # values within one, after which its arrays and objects stay small too
_BOTTOM = 24  # levels of a value that never ends
_MOST = 200_000  # values within one: a picture of 3x224x224, and none that exhausts the memory
_REDRAWN = 8  # times for one item or member that does not fit
_SPARE = 3  # items or members more than there must be
_NAMES = ("extra", "another", "x", "bär", "")
_UNCONSTRAINED = ("string", "integer", "boolean", "null", "number", "object", "array")


class Drawing:
    """Draws one value; what `not`, `oneOf` and `else` refuse is for the validator to see."""

    def __init__(self, chance: Chance, opener: Opener, draft7: bool) -> None:
        self._chance = chance
        self._opener = opener
        self._draft7 = draft7
        self._drawn = 0

    @property
    def exhausted(self) -> bool:
        """Whether so many values were drawn that another attempt would hardly end sooner."""
        return self._drawn > _MOST // 4

    def value(self, nodes: Sequence[Node], depth: int = 0) -> Any:
        """A value for all of `nodes`. Raises Impossible."""
        if depth > _BOTTOM or self._drawn > _MOST:
            raise Impossible
        self._drawn += 1
        found = self._opener.open(nodes)
        constants = [*([value] for value in found.all("const")), *found.all("enum")]
        if constants:
            return self._chance.pick(scalars.constant(constants) or self._none())
        kind = self._kind(found)
        if kind == "null":
            return None
        if kind == "boolean":
            return self._chance.flag()
        if kind in ("integer", "number"):
            return scalars.number(self._chance, found, kind == "integer")
        if kind == "string":
            return scalars.text(self._chance, found)
        return self._array(found, depth) if kind == "array" else self._object(found, depth)

    def _none(self) -> list[Any]:
        raise Impossible

    def _kind(self, found: Conjunction) -> str:
        hinted = found.hinted()
        if hinted and not self._chance.flag(5):
            return self._chance.pick(hinted)
        return self._chance.pick([kind for kind in _UNCONSTRAINED if kind in found.kinds])

    def _small(self, depth: int) -> bool:
        return depth >= _SMALL or self._drawn > _MANY

    def _array(self, found: Conjunction, depth: int) -> list[Any]:
        wanted = [item for item in composites.wanted(found) for _ in range(item[1])]
        least = max(math.ceil(max(found.all("minItems"), default=0)), int(bool(wanted)))
        most = composites.most_items(found, self._draft7)
        usual = max(least, len(wanted)) + (0 if self._small(depth) else _SPARE)
        last = usual if most is None else min(most, max(usual, least))
        length = self._chance.between(min(least, last), last)
        if length < least or length > _MOST - self._drawn:
            raise Impossible
        length = min(max(length, len(wanted)), last)
        places = self._chance.shuffled(range(length))
        unique = True in found.all("uniqueItems")
        extra: dict[int, list[Node]] = {}
        for number, (node, _) in enumerate(wanted if length else ()):
            extra.setdefault(places[number % length], []).append(node)
        return self._items(found, length, extra, unique, depth)

    def _items(
        self,
        found: Conjunction,
        length: int,
        extra: dict[int, list[Node]],
        unique: bool,
        depth: int,
    ) -> list[Any]:
        items: list[Any] = []
        for index in range(length):
            nodes = [*composites.items_at(found, index, self._draft7), *extra.get(index, ())]
            for _ in range(_REDRAWN):
                item = self.value(nodes, depth + 1)
                if not unique or not scalars.contains(items, item):
                    items.append(item)
                    break
            else:
                raise Impossible
        return items

    def _object(self, found: Conjunction, depth: int) -> dict[str, Any]:
        names = composites.required(found)
        least = math.ceil(max(found.all("minProperties"), default=0))
        most = min(found.all("maxProperties"), default=math.inf)
        if len(names) > most or least > _MOST - self._drawn:
            raise Impossible
        names = self._more(found, names, least, most, depth)
        must = {*composites.required(found)} if len(names) > least else set(names)
        members: dict[str, Any] = {}
        for name in names:
            try:
                members[name] = self.value(composites.members_at(found, name), depth + 1)
            except Impossible:
                if name in must or depth == 0 and not members and least:
                    raise
        return members

    def _more(
        self, found: Conjunction, names: list[str], least: int, most: float, depth: int
    ) -> list[str]:
        """The required names, some of the optional ones, and sometimes one that is not declared."""
        optional = composites.optional(found, names)
        for name in optional:
            eager = 0 if self._small(depth) else 60
            if len(names) < least or self._chance.flag(eager):
                names = self._with(found, names, name, most)
        spare = not (optional or names or self._small(depth))
        tries = 10 * least + 10
        while tries and (len(names) < least or (spare and self._chance.flag(30))):
            spare = False
            tries -= 1
            names = self._with(found, names, self._name(found), most)
        order = [*composites.optional(found, []), *names]
        return [name for name in dict.fromkeys(order) if name in names]

    def _with(self, found: Conjunction, names: list[str], name: str, most: float) -> list[str]:
        """The names and one more, where that may be there."""
        if name in found.absent or any(
            node.schema is False for node in composites.members_at(found, name)
        ):
            return names
        try:
            wider = composites.with_dependents(found, [*names, name])
        except Impossible:
            return names
        return wider if len(wider) <= most else names

    def _name(self, found: Conjunction) -> str:
        rules = found.nodes("propertyNames")
        patterns = [pattern for table in found.all("patternProperties") for pattern in table]
        if patterns and self._chance.flag(70):
            return matching(self._chance, self._chance.pick(patterns))
        if rules:
            name = self.value(rules)
            return name if isinstance(name, str) else "name"
        name = self._chance.pick(_NAMES)
        return f"{name}{self._chance.below(100)}" if self._chance.flag(70) else name
