"""Requests that break a contract, derived from one that keeps it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from harness.contract.cases import JSON_TYPE, Case, Claim, dumps, prepared
from harness.contract.text import json_path
from harness.contract.transport import Prepared

_DEEP = 100_000  # levels; readers give up at 100 to 1000 of them
_LONGEST = 32  # values of one request that are replaced, one at a time
_WRONG: dict[type, tuple[Any, ...]] = {
    str: (42, None, ["text"]),
    bool: ("maybe", None),
    int: ("not a number", None, {}),
    float: ("not a number", None, {}),
    type(None): ("text", 42),
}
_ROOTS: tuple[Any, ...] = ({}, [], "text", 42, None, True)


def mutants(value: Any) -> Iterator[tuple[str, Any]]:
    """Copies of a request, each with one thing changed, and what was changed.

    Of a list only the first and last item are looked into: the others are like them.
    """
    for root in _ROOTS:
        yield f"{root!r} as the whole request", root
    for path in list(_places(value))[:_LONGEST]:
        for what, change in _changes(_get(value, path)):
            mutant = copy.deepcopy(value)
            yield f"{what} at {json_path(path)}", _set(mutant, path, change)


def invalid_cases(path: str, value: Any, refutes: Callable[[Any], bool]) -> Iterator[Case]:
    """Requests that `refutes` says the contract forbids, and bytes that are no JSON at all.

    What is not surely forbidden is claimed ODD: only a crash counts against the server.
    """
    for name, body in _broken_texts(value):
        yield Case(name, prepared(path, body), Claim.INVALID)
    for name, mutant in mutants(value):
        if refutes(mutant):
            yield Case(name, prepared(path, dumps(mutant)), Claim.INVALID, mutant)
    deep = b"[" * _DEEP + b"]" * _DEEP
    claim = Claim.INVALID if refutes([[[[[[[[]]]]]]]]) else Claim.ODD
    yield Case(f"{_DEEP} nested arrays", prepared(path, deep), claim)
    yield from _odd_cases(path, value)


def _broken_texts(value: Any) -> Iterator[tuple[str, bytes]]:
    body = dumps(value)
    yield "an empty body", b""
    yield "malformed JSON", b'{"a": '
    yield "a truncated body", body[:-1] if body[-1:] in (b"]", b"}", b'"') else b'"' + body
    yield "text after the JSON", body + b" ]"
    yield "invalid UTF-8", b'"\xff\xfe"'


def _odd_cases(path: str, value: Any) -> Iterator[Case]:
    body = dumps(value)
    for name, kind in (("content type text/plain", "text/plain"), ("no content type", "")):
        headers = {"Content-Type": kind} if kind else {}
        yield Case(name, Prepared("POST", path, headers, body), Claim.ODD)
    number = next((p for p in _places(value) if type(_get(value, p)) in (int, float)), None)
    if number is not None:
        marked = dumps(_set(copy.deepcopy(value), number, "\u0001"))
        for name, token in (("NaN", b"NaN"), ("a number beyond every double", b"1e400")):
            odd = marked.replace(b'"\\u0001"', token, 1)
            yield Case(f"{name} at {json_path(number)}", prepared(path, odd), Claim.ODD)
    doubled = Prepared("POST", path, {"Content-Type": JSON_TYPE, "Accept": "text/csv"}, body)
    yield Case("Accept: text/csv", doubled, Claim.ODD)


def _changes(item: Any) -> Iterator[tuple[str, Any]]:
    for wrong in _WRONG.get(type(item), ()):
        yield f"{wrong!r} instead of a value", wrong
    if isinstance(item, dict):
        for name in list(item)[:8]:
            yield f"a missing member {name!r}", {k: v for k, v in item.items() if k != name}
        yield "an unknown member", {**item, "unexpected": 1}
        yield "a list instead of an object", [item]
    if isinstance(item, list):
        yield "an empty list", []
        if item:
            yield "one item more", [*item, item[-1]]
            yield "one item less", item[:-1]
            yield "a list around a list", [item]
            yield "an object instead of a list", {"0": item[0]}


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _places(item, (*path, name))
    elif isinstance(value, list) and value:
        for index in sorted({0, len(value) - 1}):
            yield from _places(value[index], (*path, index))


def _get(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _set(value: Any, path: tuple[Any, ...], item: Any) -> Any:
    if not path:
        return item
    _get(value, path[:-1])[path[-1]] = item
    return value
