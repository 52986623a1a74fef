"""Values that obey a JSON Schema or a tensor's declaration, the same ones in every run.

Drawn with `random.Random`, whose sequence for a seed is fixed by the language, so that a request
is the same on every machine. What does not obey in the end is thrown away, not sent.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.contract.schemas import Schema
from harness.contract.tensors import INTEGERS, reshape

if TYPE_CHECKING:
    from harness.config.schema import Tensor

TEXTS = (
    "a plain sentence",
    "naïve café, Zürich",
    "日本語のテキスト",
    "שלום עולם",
    "it was good 👍🏽 and 👩‍👩‍👧",
    "",
    " ",
    "line one\nline two\ttab",
    "quotes \" ' and \\ backslash",
    "<b>markup</b> & {{braces}}",
    "word " * 400,
)
_FORMATS = {
    "date-time": "2024-02-29T12:30:00Z",
    "date": "2024-02-29",
    "time": "12:30:00Z",
    "email": "someone@example.org",
    "uri": "https://example.org/path",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
}
_DEPTH = 12
_TRIES = 40


class Impossible(Exception):
    """No value can be drawn for a schema."""


class Drawer:
    """Draws instances of a JSON Schema."""

    def __init__(self, schema: Schema, seed: int = 1) -> None:
        self._schema = schema
        self._random = random.Random(seed)

    def instances(self, count: int) -> Iterator[Any]:
        """Up to `count` different values that the schema accepts; fewer where it is narrow."""
        seen: list[Any] = []
        for _ in range(_TRIES + 4 * count):
            if len(seen) >= count:
                return
            try:
                value = self._draw(self._schema.document, 0)
            except (Impossible, ValueError, TypeError, OverflowError, LookupError, AttributeError):
                continue  # keywords that this small generator does not understand
            if value not in seen and self._schema.accepts(value):
                seen.append(value)
                yield value

    def _draw(self, schema: Any, depth: int) -> Any:
        if schema is True or schema == {}:
            return self._random.choice(TEXTS[:4])
        if schema is False or depth > _DEPTH:
            raise Impossible
        if "const" in schema:
            return schema["const"]
        for key in ("enum", "examples"):
            if schema.get(key):
                return self._random.choice(schema[key])
        joined = self._joined(schema)
        if joined is not None:
            return self._draw(joined, depth + 1)
        kind = schema.get("type") or _implied(schema)
        if isinstance(kind, list):
            kind = self._random.choice(kind)
        return getattr(self, f"_draw_{kind}")(schema, depth)

    def _joined(self, schema: dict[str, Any]) -> Any:
        """The schema with one reference or combination resolved, or None where it has none."""
        for key in ("$ref", "anyOf", "oneOf", "allOf"):
            if key not in schema:
                continue
            rest = {name: value for name, value in schema.items() if name != key}
            parts = schema[key]
            if key == "$ref":
                parts = [self._resolve(parts)]
            elif key != "allOf":
                parts = [self._random.choice(parts)]
            for part in parts:
                rest = _merged(rest, part)
            return rest
        return None

    def _resolve(self, reference: str) -> Any:
        if not reference.startswith("#"):
            raise Impossible
        found = self._schema.document
        for part in reference[1:].split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found

    def _draw_string(self, schema: dict[str, Any], depth: int) -> Any:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text: str = self._random.choice(TEXTS)
        text += "x" * (int(schema.get("minLength", 0)) - len(text))
        return text[: int(schema.get("maxLength", len(text)))]

    def _draw_number(self, schema: dict[str, Any], depth: int) -> Any:
        low, high = _bounds(schema)
        step = schema.get("multipleOf")
        if step:
            return self._random.randint(math.ceil(low / step), math.floor(high / step)) * step
        edges = [low, high] if self._random.random() < 0.2 else []
        return self._random.choice(edges or [round(self._random.uniform(low, high), 6)])

    def _draw_integer(self, schema: dict[str, Any], depth: int) -> int:
        low, high = _bounds(schema)
        step = schema.get("multipleOf", 1)
        drawn = self._random.randint(math.ceil(low / step), math.floor(high / step))
        return int(drawn * step)

    def _draw_boolean(self, schema: dict[str, Any], depth: int) -> bool:
        return self._random.random() < 0.5

    def _draw_null(self, schema: dict[str, Any], depth: int) -> None:
        return None

    def _draw_array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        items = schema.get("items", True)
        first = schema.get("prefixItems", items if isinstance(items, list) else [])
        rest = schema.get("additionalItems", True) if isinstance(items, list) else items
        least = int(schema.get("minItems", 0 if rest is False else 1))
        most = int(schema.get("maxItems", max(least, len(first)) + 3))
        length = self._random.randint(least, most) if rest is not False else len(first)
        schemas = [*first, *[rest] * max(0, length - len(first))][: max(length, least)]
        return [self._draw(item, depth + 1) for item in schemas]

    def _draw_object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        members = schema.get("properties", {})
        required = schema.get("required", [])
        names = [name for name in members if name in required or self._random.random() < 0.5]
        names += [name for name in required if name not in members]
        return {name: self._draw(members.get(name, True), depth + 1) for name in names}


def _implied(schema: dict[str, Any]) -> str:
    hints = {
        "object": ("properties", "required"),
        "array": ("items", "prefixItems", "minItems", "maxItems"),
        "number": ("minimum", "maximum", "multipleOf"),
    }
    return next((kind for kind, keys in hints.items() if any(k in schema for k in keys)), "string")


def _merged(schema: dict[str, Any], part: Any) -> dict[str, Any]:
    if part is True:
        return schema
    if part is False:
        raise Impossible
    merged = {**schema, **part}
    if "properties" in schema and "properties" in part:
        merged["properties"] = {**schema["properties"], **part["properties"]}
    if "required" in schema and "required" in part:
        merged["required"] = [*schema["required"], *part["required"]]
    return merged


def _bounds(schema: dict[str, Any]) -> tuple[float, float]:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None:
        low = high - 20 if high is not None else -10
    return low, low + 20 if high is None else high


def tensor(declared: Tensor, shape: Sequence[int], chance: random.Random) -> Any:
    """Nested lists of `shape` with values that `declared` allows."""
    count = math.prod(shape)
    low, high = declared.range or (None, None)
    if declared.datatype == "BYTES":
        flat: list[Any] = [f"{TEXTS[i % 5]} {chance.randint(0, 999)}" for i in range(count)]
    elif declared.datatype == "BOOL":
        flat = [chance.random() < 0.5 for _ in range(count)]
    elif declared.datatype in INTEGERS:
        least, most = INTEGERS[declared.datatype]
        # Without a range an integer may well be an index: only the smallest are surely one.
        first = max(least, math.ceil(low)) if low is not None else 0
        last = min(most, math.floor(high)) if high is not None else 1
        flat = [chance.randint(first, last) for _ in range(count)]
    elif low is None or high is None:
        flat = [round(chance.gauss(0, 1), 4) for _ in range(count)]
    else:
        flat = [_inside(chance.uniform(low, high), low, high) for _ in range(count)]
    return reshape(flat, shape)


def edges(declared: Tensor, shape: Sequence[int]) -> list[Any]:
    """Tensors of one value throughout: its lowest, its highest, and zero where that is between."""
    if declared.range is None or declared.datatype in ("BYTES", "BOOL"):
        return []
    low, high = declared.range
    values = [low, high] + ([0.0] if low < 0 < high else [])
    if declared.datatype in INTEGERS:
        values = sorted({math.ceil(low), math.floor(high)})
    return [reshape([value] * math.prod(shape), shape) for value in values]


def _inside(value: float, low: float, high: float) -> float:
    return min(high, max(low, round(value, 4)))
