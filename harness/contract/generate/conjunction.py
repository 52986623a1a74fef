"""A schema as a flat list of objects that must all hold, once its choices have been made.

References are followed, allOf is opened, one branch of each anyOf, oneOf and if is chosen. What
remains is met keyword by keyword: the list is never merged into one schema, as additionalProperties
and unevaluatedItems look at their own neighbours only. What such choices cannot promise (that no
other branch of oneOf holds, that `not` fails) is for the validator to refute at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.contract.requests.chance import Chance

KINDS = ("null", "boolean", "integer", "number", "string", "array", "object")
_MOST = 300  # subschemas of one value: a reference to itself never ends
_ALL = 10_000  # subschemas of everything that one attempt draws
_HINTS = {
    "string": ("minLength", "maxLength", "pattern", "format", "contentEncoding"),
    "number": (*("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),),
    "array": (
        *("items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"),
        *("contains", "minContains", "maxContains", "unevaluatedItems"),
    ),
    "object": (
        *("properties", "required", "patternProperties", "additionalProperties", "propertyNames"),
        *("minProperties", "maxProperties", "dependentRequired", "dependentSchemas"),
        *("dependencies", "unevaluatedProperties"),
    ),
}


class Impossible(Exception):
    """No value can be drawn, with the choices made so far at least."""


@dataclass(frozen=True, slots=True)
class Node:
    """A subschema, and where its references start from."""

    schema: Any
    resolver: Any


@dataclass(slots=True)
class Conjunction:
    """Schema objects that all have to hold for one value."""

    parts: list[Node] = field(default_factory=list)
    kinds: set[str] = field(default_factory=lambda: set(KINDS))
    required: list[str] = field(default_factory=list)  # names that a choice wants
    absent: set[str] = field(default_factory=set)  # names that a choice excludes

    def all(self, keyword: str) -> list[Any]:
        """The values of a keyword in every part that has it."""
        return [part.schema[keyword] for part in self.parts if keyword in part.schema]

    def nodes(self, keyword: str) -> list[Node]:
        """The subschemas below a keyword in every part that has it."""
        return [
            Node(part.schema[keyword], part.resolver)
            for part in self.parts
            if keyword in part.schema
        ]

    def hinted(self) -> list[str]:
        """Kinds that the keywords speak of, among those that are possible."""
        present = {keyword for part in self.parts for keyword in part.schema}
        named = [kind for kind, keywords in _HINTS.items() if present.intersection(keywords)]
        return [kind for kind in named if kind in self.kinds]


class Opener:
    """Opens subschemas into conjunctions."""

    def __init__(self, chance: Chance, draft7: bool, specification: Any) -> None:
        self._chance = chance
        self._draft7 = draft7
        self._specification = specification
        self._left = _ALL

    def open(self, nodes: Sequence[Node]) -> Conjunction:
        """All of `nodes` at once. Raises Impossible."""
        found = Conjunction()
        waiting = list(reversed(nodes))
        for _ in range(min(_MOST, self._left)):
            self._left -= 1
            if not waiting:
                self._narrow(found)
                return found
            node = waiting.pop()
            if node.schema is False:
                raise Impossible
            if isinstance(node.schema, dict):
                waiting += reversed(list(self._enter(self._within(node), found)))
        raise Impossible

    def _within(self, node: Node) -> Node:
        """The node, with its own base where it has an $id."""
        identified = isinstance(node.schema.get("$id"), str)
        if not identified or (self._draft7 and "$ref" in node.schema):
            return node
        resource = self._specification.create_resource(node.schema)
        return Node(node.schema, node.resolver.in_subresource(resource))

    def _enter(self, node: Node, found: Conjunction) -> Iterator[Node]:
        schema = node.schema
        if "$ref" in schema:
            yield self._follow(node, schema["$ref"])
            if self._draft7:
                return  # its neighbours are not looked at
        found.parts.append(node)
        if "$dynamicRef" in schema:
            yield self._follow(node, schema["$dynamicRef"])
        for part in schema.get("allOf", ()):
            yield Node(part, node.resolver)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                yield self._branch(schema[keyword], node)
        yield from self._conditional(node)
        yield from self._dependent(node, found)
        self._exclude(schema.get("not"), found)

    def _follow(self, node: Node, reference: str) -> Node:
        resolved = node.resolver.lookup(reference)
        return Node(resolved.contents, resolved.resolver)

    def _branch(self, branches: list[Any], node: Node) -> Node:
        possible = [branch for branch in branches if branch is not False]
        if not possible:
            raise Impossible
        return Node(self._chance.pick(possible), node.resolver)

    def _conditional(self, node: Node) -> Iterator[Node]:
        schema = node.schema
        if "if" not in schema or not ("then" in schema or "else" in schema):
            return
        condition, then = schema["if"], schema.get("then", True)
        if condition is not False and then is not False and self._chance.flag(60):
            yield Node(condition, node.resolver)
            yield Node(then, node.resolver)
        else:
            yield Node(schema.get("else", True), node.resolver)

    def _dependent(self, node: Node, found: Conjunction) -> Iterator[Node]:
        """Each name that drags a schema behind it is either wanted or excluded."""
        for keyword in ("dependentSchemas", "dependencies"):
            for name, dragged in node.schema.get(keyword, {}).items():
                if isinstance(dragged, list):
                    continue  # names only: looked at when the names are chosen
                if dragged is not False and self._chance.flag(40):
                    found.required.append(name)
                    found.kinds &= {"object"}
                    yield Node(dragged, node.resolver)
                else:
                    found.absent.add(name)

    def _exclude(self, refused: Any, found: Conjunction) -> None:
        """The simple cases of `not`; the others are left to the validator."""
        if refused is True or refused == {}:
            raise Impossible
        if not isinstance(refused, dict):
            return
        if refused.keys() == {"type"}:
            found.kinds -= _wider(refused["type"])
        elif refused.keys() == {"required"} and len(refused["required"]) == 1:
            found.absent.add(refused["required"][0])

    @staticmethod
    def _narrow(found: Conjunction) -> None:
        for kinds in found.all("type"):
            found.kinds &= _wider(kinds)
        if not found.kinds:
            raise Impossible


def _wider(kinds: Any) -> set[str]:
    named = {kinds} if isinstance(kinds, str) else set(kinds)
    return named | {"integer"} if "number" in named else named
