"""Schemas of OpenAPI as JSON Schema 2020-12, references replaced by what they point to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from harness.contract.openapi.document import Document, Place
from harness.contract.text import shown

Side = Literal["request", "response"]
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_ONE = (
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_MANY = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs")
# Said for people and for generators of code, or rewritten here.
_DROPPED = {
    "discriminator",
    "xml",
    "externalDocs",
    "example",
    "nullable",
    "readOnly",
    "writeOnly",
    "deprecated",
    "$schema",
    "$id",
}
_MOST_NODES = 20_000
_DEEPEST = 64


class Converter:
    """Makes one schema of the document self-contained. Use it once."""

    def __init__(self, document: Document, side: Side) -> None:
        self._document = document
        self._hidden = "readOnly" if side == "request" else "writeOnly"
        self._nodes = 0
        self._names: dict[str, str] = {}  # pointer of a schema that holds itself -> name in $defs
        self._defs: dict[str, Any] = {}

    def convert(self, place: Place) -> Any:
        """The schema at a place. Raises ConfigError with the pointer of what is none."""
        found = self._schema(place, ())
        if isinstance(found, bool):
            return found
        if self._defs:
            found = {**found, "$defs": {**found.get("$defs", {}), **self._defs}}
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}

    def _schema(self, place: Place, trail: tuple[str, ...]) -> Any:
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(trail) > _DEEPEST:
            raise self._document.problem(place, "the schema is too large, or nested too deep")
        if isinstance(place.value, bool):
            return place.value
        if not isinstance(place.value, dict):
            raise self._document.problem(place, f"{shown(place.value, 60)}: expected a schema")
        if "$ref" in place.value:
            return self._reference(place, trail)
        self._check_type(place)
        said = dict(self._keywords(place, trail))
        return self._own(said, place) if self._document.own_schemas else said

    def _reference(self, place: Place, trail: tuple[str, ...]) -> Any:
        target = self._document.target(place)
        if target.pointer in trail:
            found: Any = {"$ref": f"#/$defs/{self._named(target)}"}
        else:
            found = self._schema(target, (*trail, target.pointer))
            name = self._names.get(target.pointer)
            if name is not None and name not in self._defs:
                self._defs[name] = found
        beside = {key: value for key, value in place.value.items() if key != "$ref"}
        if self._document.own_schemas:  # there, what stands beside a reference is ignored
            return _or_null(found) if beside.get("nullable") is True else found
        rest = dict(self._keywords(Place(beside, place.pointer), trail))
        meant = rest.keys() - {"title", "description", "default", "examples"}
        return {**rest, "allOf": [*rest.get("allOf", ()), found]} if meant else found

    def _named(self, target: Place) -> str:
        if target.pointer not in self._names:
            name = target.pointer.rpartition("/")[2].replace("~", "-")
            taken = set(self._names.values())
            self._names[target.pointer] = name if name not in taken else f"{name}{len(taken)}"
        return self._names[target.pointer]

    def _keywords(self, place: Place, trail: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        here = (*trail, place.pointer)
        for key, value in place.value.items():
            child = place.child(key)
            if key in _DROPPED or key.startswith("x-"):
                continue
            if key in _ONE and not isinstance(value, list):
                yield key, self._schema(child, here)
            elif key in _MANY or (key == "items" and isinstance(value, list)):
                yield key, self._list(child, here)
            elif key in _NAMED:
                yield key, self._map(child, here, visible=key == "properties")
            elif key == "required" and isinstance(value, list):
                yield key, [name for name in value if not self._is_hidden(place, name)]
            else:
                yield key, value
        if "example" in place.value and "examples" not in place.value:
            yield "examples", [place.value["example"]]

    def _list(self, place: Place, here: tuple[str, ...]) -> list[Any]:
        if not isinstance(place.value, list):
            raise self._document.problem(place, f"{shown(place.value, 60)}: expected a list")
        return [self._schema(place.child(index), here) for index in range(len(place.value))]

    def _map(self, place: Place, here: tuple[str, ...], visible: bool) -> dict[str, Any]:
        if not isinstance(place.value, dict):
            raise self._document.problem(place, f"{shown(place.value, 60)}: expected an object")
        names = [name for name in place.value if not (visible and self._hides(place.value[name]))]
        return {name: self._schema(place.child(name), here) for name in names}

    def _is_hidden(self, place: Place, name: Any) -> bool:
        members = place.value.get("properties")
        found = members.get(name) if isinstance(members, dict) and isinstance(name, str) else None
        return self._hides(found)

    def _hides(self, member: Any) -> bool:
        """A member that only the other side sends."""
        return isinstance(member, dict) and member.get(self._hidden) is True

    def _check_type(self, place: Place) -> None:
        said = place.value.get("type")
        for kind in said if isinstance(said, list) else [] if said is None else [said]:
            if kind not in _TYPES:
                message = f"{shown(kind, 40)} is no type of JSON Schema ({', '.join(_TYPES)})"
                raise self._document.problem(place.child("type"), message)

    def _own(self, said: dict[str, Any], place: Place) -> dict[str, Any]:
        """What OpenAPI 3.0 and Swagger 2.0 write in another way."""
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if isinstance(said.get(exclusive), bool):
                strict = said.pop(exclusive)
                if strict and bound in said:
                    said[exclusive] = said.pop(bound)
        # Swagger has no nullable; its tools write x-nullable.
        nullable = place.value.get("nullable", place.value.get("x-nullable"))
        return _or_null(said) if nullable is True else said


def _or_null(schema: Any) -> Any:
    kind = schema.get("type") if isinstance(schema, dict) else None
    if not isinstance(kind, str) or "const" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    allowed = {**schema, "type": [kind, "null"]}
    if "enum" in schema and None not in schema["enum"]:
        allowed["enum"] = [*schema["enum"], None]
    return allowed
