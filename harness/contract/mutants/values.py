"""Copies of a request, each with one value changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from harness.contract.text import json_path

_PLACES = 32  # values of one request that are replaced, one at a time
_MEMBERS = 8  # of one object, that are left out
_WRONG: dict[type, tuple[Any, ...]] = {
    str: (42, None, ["text"], True, {}),
    bool: ("maybe", None, 2, []),
    int: ("not a number", None, {}, [], 0.5, -(10**6), 10**30),
    float: ("not a number", None, {}, [], 1e300, -1e300),
    type(None): ("text", 42),
}
_ROOTS: tuple[Any, ...] = ({}, [], "text", 42, None, True)


def mutants(value: Any) -> Iterator[tuple[str, Any]]:
    """What was changed, and the changed copy: every place once, then every place again.

    Of a list only the first and last item are looked into: the others are like them.
    """
    for root in _ROOTS:
        if root != value:
            yield f"{root!r} as the whole request", root
    paths = list(places(value))[:_PLACES]
    rounds = zip_longest(*(list(_at(value, path)) for path in paths))
    for found in rounds:
        yield from (mutant for mutant in found if mutant is not None)


def _at(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for what, change in changes(get(value, path)):
        yield f"{what} at {json_path(path)}", replaced(value, path, change)


def changes(item: Any) -> Iterator[tuple[str, Any]]:
    """What else could stand in the place of one value."""
    for wrong in _WRONG.get(type(item), ()):
        yield f"{wrong!r} instead of a value", wrong
    if isinstance(item, dict):
        for name in list(item)[:_MEMBERS]:
            yield f"a missing member {name!r}", {k: v for k, v in item.items() if k != name}
        yield "null instead of an object", None
        yield "an unknown member", {**item, "unexpected": 1}
        yield "a list instead of an object", [item]
    if isinstance(item, list):
        yield from _list_changes(item)


def _list_changes(item: list[Any]) -> Iterator[tuple[str, Any]]:
    yield "an empty list", []
    yield "null instead of a list", None
    yield "text instead of a list", "text"
    if not item:
        return
    yield "one item more", [*item, item[-1]]
    yield "one item less", item[:-1]
    if isinstance(item[-1], list) and item[-1]:
        yield "a ragged list", [*item, item[-1][:-1]]
    yield "a list around a list", [item]
    yield "an object instead of a list", {"0": item[0]}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of the values in a request, the outer ones first."""
    yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from places(item, (*path, name))
    elif isinstance(value, list) and value:
        for index in sorted({0, len(value) - 1}):
            yield from places(value[index], (*path, index))


def get(value: Any, path: tuple[Any, ...]) -> Any:
    """The value at a path."""
    for part in path:
        value = value[part]
    return value


def replaced(value: Any, path: tuple[Any, ...], item: Any) -> Any:
    """A copy with another value at a path; what is not on the way is shared, not copied."""
    if not path:
        return item
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], item)
    return copy
