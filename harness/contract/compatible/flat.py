"""A JSON Schema made flat: references followed, allOf put together, both drafts in one spelling."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

_ANNOTATIONS = frozenset(
    "$schema $id $anchor $comment $defs definitions title description examples default deprecated"
    " readOnly writeOnly example contentEncoding contentMediaType contentSchema".split()
)
_TYPES = ("null", "boolean", "object", "array", "string", "integer", "fraction")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_CLOSING = ("additionalProperties", "patternProperties", "unevaluatedProperties")
_MOST_STEPS = 20_000
_DEEPEST = 60  # references that lead to references


class Opaque(Exception):
    """A schema that cannot be taken apart; says why."""


@dataclass(frozen=True, slots=True)
class Node:
    """A schema inside of its document."""

    root: Any  # the whole document, in which references are looked up
    pointer: str  # JSON pointer of the schema: `#/properties/a`
    schema: Any

    def child(self, *names: str | int) -> Node:
        """The schema further down."""
        found, pointer = self.schema, self.pointer
        for name in names:
            found = found[name]
            pointer += "/" + str(name).replace("~", "~0").replace("/", "~1")
        return Node(self.root, pointer, found)

    def put(self, schema: Any) -> Node:
        """Another schema in the same place."""
        return replace(self, schema=schema)


def flat(node: Node) -> dict[str, Any]:
    """The keywords of a schema and of everything that it refers to or is composed of.

    Annotations are left out, `const` is an `enum` of one, draft 7's tuples are `prefixItems`. What
    cannot be put together stays under `allOf`. Raises Opaque.
    """
    return _flat(node, 0, [0])


def _flat(node: Node, depth: int, steps: list[int]) -> dict[str, Any]:
    steps[0] += 1
    if depth > _DEEPEST or steps[0] > _MOST_STEPS:
        raise Opaque("it is composed of itself, or of too much")
    if node.schema is True:
        return {}
    if node.schema is False:
        return {"enum": []}
    own = {key: value for key, value in node.schema.items() if key not in _ANNOTATIONS}
    reference = own.pop("$ref", None)
    if reference is not None:
        target = _flat(resolve(node, reference), depth + 1, steps)
        if not own or _is_draft7(node.root):
            return target  # draft 7 looks at nothing beside a reference
        return _merged([target, _flat(node.put(own), depth + 1, steps)])
    if "$dynamicRef" in own:
        raise Opaque("$dynamicRef is not followed")
    parts = own.pop("allOf", [])
    composed = [_flat(node.put(part), depth + 1, steps) for part in parts]
    return _merged([_spelled(own), *composed])


def origin(node: Node, *path: str | int) -> str:
    """The JSON pointer of what a flat schema has at `path`, wherever it was composed from."""
    return _origin(node, path, 0) or node.pointer


def _origin(node: Node, path: tuple[str | int, ...], depth: int) -> str:
    if depth > _DEEPEST or not isinstance(node.schema, dict):
        return ""
    try:
        return node.child(*path).pointer
    except (KeyError, IndexError, TypeError):
        pass
    sources = []
    if "$ref" in node.schema:
        sources.append(resolve(node, node.schema["$ref"]))
    sources += [node.child("allOf", i) for i in range(len(node.schema.get("allOf", ())))]
    found = (_origin(source, path, depth + 1) for source in sources)
    return next((pointer for pointer in found if pointer), "")


def resolve(node: Node, reference: str) -> Node:
    """The schema that a reference within the document leads to. Raises Opaque."""
    if reference != "#" and not reference.startswith("#/"):
        raise Opaque(f"$ref {reference!r} is no JSON pointer into its own document")
    found = node.root
    for part in reference[2:].split("/") if len(reference) > 1 else ():
        name = unquote(part).replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (KeyError, IndexError, ValueError, TypeError):
            raise Opaque(f"$ref {reference!r} leads nowhere") from None
    return Node(node.root, reference, found)


def _spelled(own: dict[str, Any]) -> dict[str, Any]:
    """One spelling for what the drafts spell differently."""
    if "const" in own:
        value = own.pop("const")
        own = _merged([own, {"enum": [value]}])
    if isinstance(own.get("items"), list):
        own["prefixItems"] = own.pop("items")
        if "additionalItems" in own:
            own["items"] = own.pop("additionalItems")
    own.pop("additionalItems", None)  # has no meaning beside one schema for all items
    return own


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        merged = _both(merged, part) if merged and part else (merged or dict(part))
    return merged


def _both(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """A schema for what obeys both, as far as keywords can say it; the rest under `allOf`."""
    closing = [part for part in (a, b) if any(key in part for key in _CLOSING)]
    named = {name for part in (a, b) for name in part.get("properties", ())}
    for part in closing:
        # "additional" means another thing in each part, once the names are put together
        if named - set(part.get("properties", ())):
            return {**_joined(_without_members(a), _without_members(b)), "allOf": [a, b]}
    return _joined(a, b)


def _without_members(part: dict[str, Any]) -> dict[str, Any]:
    gone = ("properties", *_CLOSING)
    return {key: value for key, value in part.items() if key not in gone}


def _joined(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    out = dict(a)
    for key, value in b.items():
        if key not in out:
            out[key] = value
        elif canonical(out[key]) != canonical(value):
            _join_one(out, key, value)
    return out


def _join_one(out: dict[str, Any], key: str, value: Any) -> None:
    mine = out[key]
    if key == "required":
        out[key] = sorted({*mine, *value})
    elif key == "type":
        out[key] = _names(types({"type": mine}) & types({"type": value}))
    elif key == "enum":
        theirs = {canonical(item) for item in value}
        out[key] = [item for item in mine if canonical(item) in theirs]
    elif key in _LOWER:
        out[key] = max(mine, value)
    elif key in _UPPER:
        out[key] = min(mine, value)
    elif key == "properties":
        shared = mine.keys() & value.keys()
        out[key] = {**mine, **value, **{n: {"allOf": [mine[n], value[n]]} for n in shared}}
    elif key == "allOf":
        out[key] = [*mine, *value]
    else:
        out["allOf"] = [*out.get("allOf", []), {key: value}]


def types(schema: Mapping[str, Any]) -> frozenset[str]:
    """The types that a flat schema allows; "number" is "integer" and "fraction"."""
    if "enum" in schema:
        listed = frozenset(_type_of(value) for value in schema["enum"])
        return listed & types({"type": schema["type"]}) if "type" in schema else listed
    said = schema.get("type", _TYPES)
    names = [said] if isinstance(said, str) else list(said)
    return frozenset(n for name in names for n in _parts(name))


def _parts(name: str) -> tuple[str, ...]:
    return ("integer", "fraction") if name == "number" else (name,)


def _names(found: Iterable[str]) -> list[str]:
    names = set(found)
    return sorted({*names, "number"} - {"integer", "fraction"} if "fraction" in names else names)


def type_names(schema: Mapping[str, Any]) -> list[str]:
    """The types as JSON Schema names them."""
    found = types(schema)
    return ["any type"] if found == frozenset(_TYPES) else _names(found)


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "integer" if float(value).is_integer() else "fraction"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def canonical(value: Any) -> str:
    """One text for equal JSON values: 1 and 1.0 are equal, 1 and true are not."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def expanded(node: Node) -> str:
    """A schema as canonical text, annotations left out and references replaced by their targets.

    Two schemas with one text are equal wherever their definitions stand. Raises Opaque for one
    that would be too long.
    """
    steps = [0]
    return canonical(_expanded(node, (), steps))


# Names below these are the user's: one called "title" is no annotation.
_OF_NAMES = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_OF_VALUES = ("enum", "const", "required", "dependentRequired")


def _expanded(node: Node, above: tuple[str, ...], steps: list[int]) -> Any:
    steps[0] += 1
    if steps[0] > _MOST_STEPS:
        raise Opaque("it is too large to be compared whole")
    schema = node.schema
    if isinstance(schema, list):
        return [_expanded(node.put(item), above, steps) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "$ref":
            out[key] = _target(node, value, above, steps)
        elif key in _OF_VALUES:
            out[key] = sorted(value, key=canonical) if isinstance(value, list) else value
        elif key in _OF_NAMES and key not in _ANNOTATIONS:
            out[key] = {n: _expanded(node.put(s), above, steps) for n, s in value.items()}
        elif key not in _ANNOTATIONS:
            out[key] = _expanded(node.put(value), above, steps)
    return out


def _target(node: Node, reference: str, above: tuple[str, ...], steps: list[int]) -> Any:
    if reference in above:
        return above.index(reference) - len(above)  # so many references up
    return _expanded(resolve(node, reference), (*above, reference), steps)


def _is_draft7(root: Any) -> bool:
    return isinstance(root, dict) and "draft-07" in str(root.get("$schema", ""))
