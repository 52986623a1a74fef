"""anyOf and oneOf compared branch by branch, together with types and values that are listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from harness.contract.compatible.changes import Change, Kind, Side, change
from harness.contract.compatible.flat import Node, Opaque, expanded, flat, origin, types

_KEYWORDS = ("anyOf", "oneOf")
_MOST = 64  # branches
Flat = dict[str, Any]


class Walk(Protocol):
    """What compares two schemas."""

    @property
    def side(self) -> Side:
        """Request or response."""

    @property
    def changes(self) -> list[Change]:
        """What was found."""

    def pair(self, old: Node, new: Node) -> None:
        """Compare, and note the changes."""

    def holds(self, old: Node, new: Node) -> bool:
        """Compare, and note nothing."""


def same(old: Node, a: Flat, new: Node, b: Flat) -> tuple[Flat, Flat] | None:
    """What is left of both beside a union that they have in common; None where they differ."""
    mine, theirs = _union(a), _union(b)
    texts = [
        expanded(node.put({key: schema[key] for key in keys}))
        for node, schema, keys in ((old, a, mine), (new, b, theirs))
    ]
    if texts[0] != texts[1]:
        return None
    return _without(a, mine), _without(b, theirs)


def compare(walk: Walk, old: tuple[Node, Flat], new: tuple[Node, Flat]) -> list[Change]:
    """The changes of a union. Raises Opaque.

    Each branch that clients use must be held by one branch of the other side. That is strict: a
    branch that was split in two at a bound is taken for lost. A value that fits two branches of a
    oneOf is not looked for where the keyword stayed the same.
    """
    mine, theirs = _branches(*old), _branches(*new)
    asked = walk.side is Side.REQUEST
    _one_way(walk, old, new, theirs if asked else mine)
    left = [x for x in mine if not any(_equal(x, y) for y in theirs)]
    come = [y for y in theirs if not any(_equal(x, y) for x in mine)]
    if asked:
        lost = [x for x in left if not any(walk.holds(x, y) for y in theirs)]
        free = [y for y in come if not any(walk.holds(x, y) for x in left)]
    else:
        lost = [y for y in come if not any(walk.holds(x, y) for x in mine)]
        free = [x for x in left if not any(walk.holds(x, y) for y in come)]
    if len(lost) == 1 and len(free) == 1:
        walk.pair(*((lost[0], free[0]) if asked else (free[0], lost[0])))
        return []
    kinds = (Kind.NARROWED, Kind.WIDENED) if asked else (Kind.WIDENED, Kind.NARROWED)
    other = (new[0], old[0]) if asked else (old[0], new[0])
    return [
        *(_note(walk.side, kinds[0], branch, other[0], lost=asked) for branch in lost),
        *(_note(walk.side, kinds[1], branch, other[1], lost=not asked) for branch in free),
    ]


def _note(side: Side, kind: Kind, branch: Node, elsewhere: Node, *, lost: bool) -> Change:
    here, there = (branch.pointer, branch.schema), (elsewhere.pointer, None)
    what = f"a union has {'lost' if lost else 'gained'} a branch"
    return change(side, "union", kind, what, *((here, there) if lost else (there, here)))


def _one_way(walk: Walk, old: tuple[Node, Flat], new: tuple[Node, Flat], wide: list[Node]) -> None:
    """oneOf refuses what fits two of its branches: where it is new, that may be somebody's."""
    mine, theirs = _union(old[1]), _union(new[1])
    stricter = theirs if walk.side is Side.REQUEST else mine
    if stricter != ["oneOf"] or mine == theirs:
        return
    met: frozenset[str] = frozenset()
    for branch in wide:
        found = types(flat(branch))
        if met & found:
            raise Opaque("anyOf and oneOf have branches that one value may fit")
        met |= found


def _union(schema: Mapping[str, Any]) -> list[str]:
    return [key for key in _KEYWORDS if key in schema]


def _without(schema: Flat, keys: list[str]) -> Flat:
    return {key: value for key, value in schema.items() if key not in keys}


def _equal(x: Node, y: Node) -> bool:
    return expanded(x) == expanded(y)


def _branches(node: Node, schema: Flat) -> list[Node]:
    """The alternatives that a schema is made of: each of one type, listed values together."""
    found = [part for branch in _parts(node, schema, 0) for part in _single(branch)]
    if len(found) > _MOST:
        raise Opaque(f"it has more than {_MOST} branches")
    listed = [x for x in found if x.schema.keys() == {"enum"}]
    if len(listed) < 2:
        return found
    values = [value for x in listed for value in x.schema["enum"]]
    together = listed[0].put({"enum": values})
    return [together, *(x for x in found if x not in listed)]


def _parts(node: Node, schema: Flat, depth: int) -> list[Node]:
    keys = _union(schema)
    if not keys:
        return [node.put(schema)]
    if len(keys) > 1 or depth > 8:
        raise Opaque("anyOf and oneOf are combined")
    rest, key = _without(schema, keys), keys[0]
    found = []
    for index, part in enumerate(schema[key]):
        pointer = origin(node, key, index)
        branch = Node(node.root, pointer, {"allOf": [rest, part]} if rest else part)
        found += _parts(branch, flat(branch), depth + 1)
        if len(found) > _MOST:
            raise Opaque(f"it has more than {_MOST} branches")
    return found


def _single(branch: Node) -> list[Node]:
    schema = branch.schema
    if "enum" in schema:
        bare = {"enum": schema["enum"]}
        return [branch.put(bare if schema.keys() <= {"enum", "type"} else schema)]
    said = schema.get("type")
    if not isinstance(said, list) or len(said) < 2:
        one = said[0] if isinstance(said, list) and said else said
        return [branch.put({**schema, "type": one} if one else schema)]
    return [branch.put({**schema, "type": name}) for name in said]
