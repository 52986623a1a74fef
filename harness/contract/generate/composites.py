"""Which subschemas each item of an array and each member of an object has to meet."""

from __future__ import annotations

import math
import re
from typing import Any

from harness.contract.generate.conjunction import Conjunction, Impossible, Node


def items_at(found: Conjunction, index: int, draft7: bool) -> list[Node]:
    """What the item at `index` has to meet, part by part."""
    nodes = []
    evaluated = False
    for part in found.parts:
        schema = _item(part.schema, index, draft7)
        if schema is not None:
            evaluated = True
            nodes.append(Node(schema, part.resolver))
    return nodes if evaluated else nodes + found.nodes("unevaluatedItems")


def _item(schema: dict[str, Any], index: int, draft7: bool) -> Any:
    """The subschema for one item, or None where this schema does not speak of it."""
    items = schema.get("items")
    first = schema.get("prefixItems", [])
    rest = items
    if draft7:
        first = items if isinstance(items, list) else []
        rest = schema.get("additionalItems") if isinstance(items, list) else items
    return first[index] if index < len(first) else rest


def most_items(found: Conjunction, draft7: bool) -> int | None:
    """Items that an array can have at most; None for any number."""
    declared = min(found.all("maxItems"), default=None)
    known = found.all("items" if draft7 else "prefixItems")
    longest = max((len(items) for items in known if isinstance(items, list)), default=0)
    for index in range(longest + 1):
        if any(node.schema is False for node in items_at(found, index, draft7)):
            return index if declared is None else min(index, math.floor(declared))
    return None if declared is None else math.floor(declared)


def wanted(found: Conjunction) -> list[tuple[Node, int]]:
    """What some items have to meet, and how many at least."""
    return [
        (Node(part.schema["contains"], part.resolver), math.ceil(part.schema.get("minContains", 1)))
        for part in found.parts
        if "contains" in part.schema
    ]


def members_at(found: Conjunction, name: str) -> list[Node]:
    """What the member `name` has to meet, part by part."""
    nodes = []
    evaluated = False
    for part in found.parts:
        schemas = _members(part.schema, name)
        evaluated = evaluated or bool(schemas)
        nodes += [Node(schema, part.resolver) for schema in schemas]
    return nodes if evaluated else nodes + found.nodes("unevaluatedProperties")


def _members(schema: dict[str, Any], name: str) -> list[Any]:
    found = [schema["properties"][name]] if name in schema.get("properties", ()) else []
    for pattern, subschema in schema.get("patternProperties", {}).items():
        if matches(pattern, name):
            found.append(subschema)
    if not found and "additionalProperties" in schema:
        found.append(schema["additionalProperties"])
    return found


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern is found in a name; a pattern of another dialect is found nowhere."""
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False


def required(found: Conjunction) -> list[str]:
    """Names that must be there, those that other names drag behind them included."""
    names = list(dict.fromkeys([*sum(found.all("required"), []), *found.required]))
    return with_dependents(found, names)


def with_dependents(found: Conjunction, names: list[str]) -> list[str]:
    """The names and what they require. Raises Impossible where one of them is excluded."""
    tables = found.all("dependentRequired") + found.all("dependencies")
    waiting = list(names)
    closed: list[str] = []
    while waiting:
        name = waiting.pop(0)
        if name in closed:
            continue
        closed.append(name)
        for table in tables:
            dragged = table.get(name)
            waiting += dragged if isinstance(dragged, list) else []
    if found.absent.intersection(closed):
        raise Impossible
    return closed


def optional(found: Conjunction, besides: list[str]) -> list[str]:
    """Names that may be there, in the order in which they are declared."""
    declared = [name for table in found.all("properties") for name in table]
    table_names = [name for table in found.all("dependentRequired") for name in table]
    skipped = {*besides, *found.absent}
    return [name for name in dict.fromkeys(declared + table_names) if name not in skipped]
