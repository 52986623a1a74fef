"""Strict JSON on the raw bytes: RFC 8259, and RFC 7493 (I-JSON) for what readers disagree on.

`json.loads` accepts NaN, takes the last of two equal keys and turns 1e400 into infinity. Each of
these reaches a user as a wrong prediction, so each is a problem here. Cheap looks at the bytes
decide which of the costly hooks are needed, so that a matrix of floats costs what it always cost.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

from harness.model import Severity

MAX_DEPTH = 128  # as deep as common readers go (serde_json: 128, protobuf: 100)
LARGEST_INTEGER = 2**53 - 1  # RFC 7493 section 2.2

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_PLANE_ENDS = "".join(chr(p * 0x10000 + n) for p in range(17) for n in (0xFFFE, 0xFFFF))
_NONCHARACTER = re.compile(f"[\ufdd0-\ufdef{_PLANE_ENDS}]")
# Digits become 0, E becomes e, a plus vanishes: then three plain searches find rare numbers.
_CLASSES = bytes(0x30 if 0x30 <= b <= 0x39 else 0x65 if b == 0x45 else b for b in range(256))
_BIG_EXPONENT = b"e000"
_FEW = 100
_SHORT = 4096
_MANY_DIGITS = b"0" * 200  # 1e308 / 1e99 has 210
_LONG_INTEGER = b"0" * 16


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a JSON text."""

    rule: str  # `json-...`
    message: str
    severity: Severity = Severity.ERROR
    location: str = ""  # JSON path or byte offset
    syntax: bool = False  # True: no JSON at all by RFC 8259; False: JSON that readers disagree on


@dataclass(frozen=True, slots=True)
class Parsed:
    """What strict reading made of the bytes."""

    value: Any  # None where `readable` is False
    readable: bool  # a lenient reader gets a value; it may hold NaN
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Seen:
    """What the hooks noticed while parsing."""

    tokens: list[str] = field(default_factory=list)
    doubles: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    overflows: list[str] = field(default_factory=list)
    integers: list[str] = field(default_factory=list)


def parse(body: bytes, max_depth: int = MAX_DEPTH) -> Parsed:
    """Read `body` and say everything that is wrong with it. Never raises for any bytes."""
    large, long = _suspicious_numbers(body)
    if not large and not body.startswith(_BOMS):
        try:
            return _parse_plain(body, max_depth, long)
        except (_Odd, ValueError, RecursionError):
            pass  # what it is, the way below says
    return _parse_closely(body, max_depth)


class _Odd(Exception):
    """Something in the text wants a closer look."""


def _parse_plain(body: bytes, max_depth: int, long: bool) -> Parsed:
    """The value of a text in which nothing is wrong, with hooks that only ever say stop.

    They and their decoder are made once: making them costs more than reading a small body.
    """
    text = body.decode("utf-8")
    if body.count(b"[") + body.count(b"{") > max_depth and deeper_than(body, max_depth):
        raise _Odd
    value = _stopping(b"{" in body, long).decode(text)
    if b"\\" in body or not text.isascii():
        return Parsed(value, True, tuple(_odd_characters(value, body)))
    return Parsed(value, True)


def _stop(token: str) -> NoReturn:
    raise _Odd


def _distinct(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise _Odd
    return found


def _modest(token: str) -> int:
    number = int(token)
    if abs(number) > LARGEST_INTEGER:
        raise _Odd
    return number


@cache
def _stopping(objects: bool, long: bool) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_distinct if objects else None,
        parse_constant=_stop,
        parse_int=_modest if long else None,
    )


def _parse_closely(body: bytes, max_depth: int) -> Parsed:
    bom = next((mark for mark in _BOMS if body.startswith(mark)), b"")
    problems = []
    if bom == _BOMS[0]:
        problems.append(Problem("json-bom", "a byte order mark before the JSON text", syntax=True))
        body = body[3:]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"not valid UTF-8 at byte {error.start}: {error.reason}"
        return _unreadable(problems, "json-utf8", message, f"byte {error.start}")
    if deeper_than(body, max_depth):
        message = f"nested deeper than {max_depth} levels"
        return Parsed(None, False, (*problems, Problem("json-depth", message)))
    seen = _Seen()
    try:
        value = _decoder(body, seen).decode(text)
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        return _unreadable(problems, "json-syntax", message, f"byte {error.pos}")
    except RecursionError:
        return _unreadable(problems, "json-depth", "nested too deep to be read", "")
    problems += _noticed(value, seen)
    if b"\\" in body or not text.isascii():
        problems += _odd_characters(value, body)
    return Parsed(value, True, tuple(problems))


def _unreadable(problems: list[Problem], rule: str, message: str, location: str) -> Parsed:
    return Parsed(None, False, (*problems, Problem(rule, message, location=location, syntax=True)))


def _decoder(body: bytes, seen: _Seen) -> json.JSONDecoder:
    def constant(token: str) -> float:
        seen.tokens.append(token)
        return float(token.replace("Infinity", "inf"))

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(members)
        if len(found) < len(members):
            names = [name for name, _ in members]
            seen.doubles.append((found, next(n for n in names if names.count(n) > 1)))
        return found

    def real(token: str) -> float:
        number = float(token)
        if math.isinf(number):
            seen.overflows.append(token)
        return number

    def whole(token: str) -> int | float:
        # int() is bounded to 4300 digits, and what does not fit a double helps nobody.
        number = int(token) if len(token) < 309 else real(token)
        if abs(number) > LARGEST_INTEGER:
            seen.integers.append(token)
        return number

    return json.JSONDecoder(
        object_pairs_hook=pairs if b"{" in body else None,
        parse_constant=constant,
        **_number_hooks(body, real, whole),
    )


def _number_hooks(
    body: bytes, real: Callable[[str], float], whole: Callable[[str], int | float]
) -> dict[str, Any]:
    large, long = _suspicious_numbers(body)
    hooks: dict[str, Any] = {}
    if large:
        hooks["parse_float"] = real
    if long:
        hooks["parse_int"] = whole
    return hooks


def _suspicious_numbers(body: bytes) -> tuple[bool, bool]:
    """Whether a number may overflow a double, and whether a whole number may be beyond 2^53."""
    classes = body.translate(_CLASSES, b"+")
    return _big_exponent(classes) or _MANY_DIGITS in classes, _LONG_INTEGER in classes


def _big_exponent(classes: bytes) -> bool:
    # Among nothing but digits a plain search creeps, and the few exponents are soon looked at.
    if len(classes) < _SHORT or classes.count(b"e") > _FEW:
        return _BIG_EXPONENT in classes
    return any(after.startswith(_BIG_EXPONENT[1:]) for after in classes.split(b"e")[1:])


def _noticed(value: Any, seen: _Seen) -> Iterator[Problem]:
    if seen.tokens:
        token = seen.tokens[0]
        where = first(value, lambda item: isinstance(item, float) and not math.isfinite(item))
        yield Problem("json-nonfinite", f"{token} is no JSON number", location=where, syntax=True)
    for holder, name in seen.doubles[:1]:
        where = first(value, lambda item: item is holder)
        message = f"two members named {name[:80]!r} in one object: readers take either"
        yield Problem("json-duplicate-key", message, location=_member(where, name))
    for token in seen.overflows[:1]:
        where = first(value, lambda item: isinstance(item, float) and math.isinf(item))
        yield Problem("json-overflow", f"{token[:40]} overflows a double", location=where)
    for token in seen.integers[:1]:
        where = first(value, lambda item: _is_number(item) and abs(item) > LARGEST_INTEGER)
        message = f"{token[:40]} is beyond 2^53-1: many readers round it"
        yield Problem("json-big-integer", message, Severity.WARNING, where)


def _odd_characters(value: Any, body: bytes) -> Iterator[Problem]:
    if _SURROGATE_ESCAPE.search(body):
        where = first(value, lambda item: isinstance(item, str) and _lone_surrogate(item))
        if where:
            yield Problem("json-surrogate", "half of a surrogate pair in a string", location=where)
    where = first(value, lambda item: isinstance(item, str) and bool(_NONCHARACTER.search(item)))
    if where:
        message = "a Unicode noncharacter in a string"
        yield Problem("json-noncharacter", message, Severity.WARNING, where)


def _lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _is_number(item: object) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, bool)


def deeper_than(body: bytes, limit: int) -> bool:
    """Whether arrays and objects nest deeper than `limit`; brackets in strings do not count."""
    skeleton = body.translate(None, _other_bytes())
    if len(skeleton) <= limit:
        return False
    rounds = 0  # of peeling `[]` and `{}` off: as many as there are levels
    while rounds <= limit and (b"[]" in skeleton or b"{}" in skeleton):
        skeleton = skeleton.replace(b"[]", b"").replace(b"{}", b"")
        rounds += 1
    return rounds + len(skeleton) > limit and _exact_depth(body) > limit


@cache
def _other_bytes() -> bytes:
    return bytes(set(range(256)) - set(b"[]{}"))


def _exact_depth(body: bytes) -> int:
    depth = deepest = 0
    for match in _TOKENS.finditer(body):
        token = match[0]
        if token in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in b"]}":
            depth -= 1
    return deepest


def first(value: Any, wanted: Callable[[Any], bool]) -> str:
    """JSON path of the first value or member name for which `wanted` holds, or ""."""
    return next((path for path, item in walk(value) if wanted(item)), "")


def walk(value: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Every value below and including `value` with its JSON path; member names count as values."""
    yield path, value
    if isinstance(value, dict):
        for name, item in value.items():
            below = _member(path, name)
            yield below, name
            yield from walk(item, below)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, f"{path}[{index}]")


def _member(path: str, name: str) -> str:
    return f"{path}.{name}" if name.isidentifier() else f"{path}[{json.dumps(name)}]"
