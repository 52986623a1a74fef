"""Keyword by keyword: whether a newer schema allows more or less than the older one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from harness.contract.compatible.changes import Kind
from harness.contract.compatible.flat import Node, canonical, expanded, type_names, types
from harness.contract.text import shown

Flat = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one keyword."""

    aspect: str  # part of the rule's name
    kind: Kind
    what: str
    keyword: str
    old: Any
    new: Any


# (type that it is about, keyword, the same keyword exclusive, its value where it is absent)
_LOWER = (
    ("number", "minimum", "exclusiveMinimum", -math.inf),
    ("string", "minLength", "", 0),
    ("array", "minItems", "", 0),
    ("object", "minProperties", "", 0),
)
_UPPER = (
    ("number", "maximum", "exclusiveMaximum", math.inf),
    ("string", "maxLength", "", math.inf),
    ("array", "maxItems", "", math.inf),
    ("object", "maxProperties", "", math.inf),
)
# Each only ever takes something away: with it there is less than without.
_RESTRICTIONS = {
    "not": "object array string number boolean null",
    "if": "object array string number boolean null",
    "allOf": "object array string number boolean null",
    "contains": "array",
    "unevaluatedItems": "array",
    "propertyNames": "object",
    "dependentRequired": "object",
    "dependentSchemas": "object",
    "dependencies": "object",
    "unevaluatedProperties": "object",
}
_TOGETHER = {"if": ("then", "else"), "contains": ("minContains", "maxContains")}


def allowed(a: Flat, b: Flat) -> Step | None:
    """What became of the types, or of the listed values."""
    if "enum" in a or "enum" in b:
        return _listed(a, b)
    kind = _sets(types(a), types(b))
    if kind is None:
        return None
    old, new = type_names(a), type_names(b)
    what = f"the type is {' or '.join(new)}, and was {' or '.join(old)}"
    return Step("type", kind, what, "type", old, new)


def _listed(a: Flat, b: Flat) -> Step | None:
    old, new = a.get("enum"), b.get("enum")
    if old is not None and new is not None:
        before, now = {canonical(v): v for v in old}, {canonical(v): v for v in new}
        kind = _sets(frozenset(before), frozenset(now))
        gone = [v for text, v in before.items() if text not in now]
        come = [v for text, v in now.items() if text not in before]
        told = [
            f"{_list(values)} {verb}" for values, verb in ((gone, "gone"), (come, "new")) if values
        ]
        what = f"of the listed values, {' and '.join(told)}"
        return None if kind is None else Step("enum", kind, what, "enum", old, new)
    if old is not None:
        if types(a) <= types(b):
            return Step("enum", Kind.WIDENED, "values are listed no more", "enum", old, None)
    elif types(b) <= types(a):
        return Step("enum", Kind.NARROWED, "only listed values are left", "enum", None, new)
    what = f"the type is {' or '.join(type_names(b))}, and was {' or '.join(type_names(a))}"
    return Step("type", Kind.CHANGED, what, "type", type_names(a), type_names(b))


def _list(values: list[Any]) -> str:
    more = f" and {len(values) - 3} more are" if len(values) > 3 else " are"
    return ", ".join(shown(value, 40) for value in values[:3]) + (
        more if len(values) > 1 else " is"
    )


def _sets(old: frozenset[str], new: frozenset[str]) -> Kind | None:
    if old == new:
        return None
    if old < new:
        return Kind.WIDENED
    return Kind.NARROWED if new < old else Kind.CHANGED


def constraints(old: Node, a: Flat, new: Node, b: Flat) -> Iterator[Step]:
    """What became of everything that limits values of the types that both have in common."""
    shared = types(a) & types(b)
    common = shared | ({"number"} if shared & {"integer", "fraction"} else set())
    yield from _bounds(a, b, common)
    if "number" in common:
        yield from _multiple(a, b)
    if "string" in common:
        yield from _texts(a, b)
    if "array" in common and bool(a.get("uniqueItems")) != bool(b.get("uniqueItems")):
        kind = Kind.NARROWED if b.get("uniqueItems") else Kind.WIDENED
        yield _constraint(kind, "uniqueItems", a, b)
    for keyword, about in _RESTRICTIONS.items():
        if common & set(about.split()):
            yield from _restriction(keyword, old, a, new, b)


def _constraint(kind: Kind, keyword: str, a: Flat, b: Flat) -> Step:
    return Step(
        "constraint", kind, f"{keyword} has changed", keyword, a.get(keyword), b.get(keyword)
    )


def _bounds(a: Flat, b: Flat, common: set[str] | frozenset[str]) -> Iterator[Step]:
    for sign, table in ((1, _LOWER), (-1, _UPPER)):
        for about, keyword, exclusive, absent in table:
            before = _bound(a, keyword, exclusive, absent, sign)
            now = _bound(b, keyword, exclusive, absent, sign)
            if about in common and before != now:
                kind = Kind.NARROWED if now > before else Kind.WIDENED
                told = keyword if keyword in a or keyword in b else exclusive
                yield Step(
                    "constraint",
                    kind,
                    f"{told} has changed",
                    told,
                    _said(before, sign),
                    _said(now, sign),
                )


def _bound(
    schema: Flat, keyword: str, exclusive: str, absent: float, sign: int
) -> tuple[float, bool]:
    """A bound and whether it is itself excluded; larger is stricter, for upper ones too."""
    found = [(sign * schema.get(keyword, absent), False)]
    if exclusive in schema:
        found.append((sign * schema[exclusive], True))
    return max(found)


def _said(bound: tuple[float, bool], sign: int) -> float | None:
    return None if math.isinf(bound[0]) else sign * bound[0]


def _multiple(a: Flat, b: Flat) -> Iterator[Step]:
    old, new = a.get("multipleOf"), b.get("multipleOf")
    if old == new:
        return
    kind = Kind.CHANGED
    if new is None or (old is not None and _divides(new, old)):
        kind = Kind.WIDENED
    elif old is None or _divides(old, new):
        kind = Kind.NARROWED
    yield _constraint(kind, "multipleOf", a, b)


def _divides(part: float, whole: float) -> bool:
    return Fraction(str(whole)) % Fraction(str(part)) == 0


def _texts(a: Flat, b: Flat) -> Iterator[Step]:
    for keyword, otherwise in (("pattern", Kind.UNKNOWN), ("format", Kind.CHANGED)):
        old, new = a.get(keyword), b.get(keyword)
        if old == new:
            continue
        kind = otherwise
        if old is None or new is None:
            kind = Kind.NARROWED if old is None else Kind.WIDENED
        yield _constraint(kind, keyword, a, b)


def _restriction(keyword: str, old: Node, a: Flat, new: Node, b: Flat) -> Iterator[Step]:
    before, now = _taken(keyword, old, a), _taken(keyword, new, b)
    if before == now:
        return
    if not before or not now:
        yield _constraint(Kind.WIDENED if before else Kind.NARROWED, keyword, a, b)
    else:
        yield _constraint(Kind.UNKNOWN, keyword, a, b)


def _taken(keyword: str, node: Node, schema: Flat) -> str:
    """A restriction with what belongs to it as one text, or "" where it restricts nothing."""
    nothing: tuple[Any, ...] = (False,) if keyword == "not" else (True, {}, [])
    if keyword not in schema or any(schema[keyword] == value for value in nothing):
        return ""
    names = (keyword, *_TOGETHER.get(keyword, ()))
    own = {name: schema[name] for name in names if name in schema}
    return expanded(node.put(own))
