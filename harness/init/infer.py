"""A JSON Schema from values that were seen: types, members, lengths; enums are not guessed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
_SUMS = 1e-3  # of rounded probabilities
_SURE = 3  # lists of one length, before the length is taken for a rule
_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def schema(values: Sequence[Any], title: str) -> dict[str, Any]:
    """The schema of a document, of which these are examples."""
    return {"$schema": _SCHEMA, "title": title, **infer(values)}


def infer(values: Sequence[Any]) -> dict[str, Any]:
    """What all values have in common; ranges only of what is a probability."""
    kinds = sorted({_kind(value) for value in values})
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    found: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else kinds} if kinds else {}
    objects = [value for value in values if isinstance(value, dict)]
    lists = [value for value in values if isinstance(value, list)]
    if objects:
        found |= _object(objects)
    if lists:
        found |= _array(lists)
    return found


def is_distribution(value: Any) -> bool:
    """Whether it is a list of at least two numbers from 0 to 1 that sum to 1."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(type(item) in (int, float) and 0 <= item <= 1 for item in value)
        and abs(math.fsum(value) - 1) < _SUMS
    )


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else _KINDS[type(value)]


def _object(objects: list[dict[str, Any]]) -> dict[str, Any]:
    names = dict.fromkeys(name for value in objects for name in value)
    members = {name: [value[name] for value in objects if name in value] for name in names}
    properties = {name: infer(found) for name, found in members.items()}
    for name, found in members.items():
        if _is_probability(name, found):
            properties[name] |= {"minimum": 0, "maximum": 1}
    return {
        "properties": properties,
        "required": [name for name, found in members.items() if len(found) == len(objects)],
    }


def _is_probability(name: str, found: list[Any]) -> bool:
    numbers = all(type(value) in (int, float) and 0 <= value <= 1 for value in found)
    return numbers and "prob" in name.lower()


def _array(lists: list[list[Any]]) -> dict[str, Any]:
    items = infer([item for value in lists for item in value])
    found: dict[str, Any] = {"items": items} if items else {}
    if all(map(is_distribution, lists)):
        found["items"] = {"type": "number", "minimum": 0, "maximum": 1}
    lengths = {len(value) for value in lists}
    if len(lists) >= _SURE and len(lengths) == 1:
        found |= {"minItems": len(lists[0]), "maxItems": len(lists[0])}
    return found
