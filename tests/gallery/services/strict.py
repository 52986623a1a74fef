"""Strict JSON: what RFC 8259 allows, and nothing that two readers may take for two things."""

from __future__ import annotations

import json
import math
from typing import Any

DEEPEST = 32  # brackets within each other


def parse(body: bytes) -> Any:
    """The value of a JSON text in UTF-8.

    Raises ValueError for all else, and for NaN, Infinity, overflow, a name given twice, a lone
    surrogate and deep nesting.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeError:
        raise ValueError("the bytes are no UTF-8") from None
    if depth(text) > DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST}")
    value = json.loads(
        text, parse_constant=no_constant, parse_float=finite, object_pairs_hook=each_once
    )
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise ValueError("a lone surrogate is no character") from None
    return value


def depth(text: str) -> int:
    """How many brackets lie within each other, outside of strings."""
    deepest = level = 0
    quoted = escaped = False
    for character in text:
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= 1
    return deepest


def no_constant(token: str) -> Any:
    """NaN and Infinity are no numbers."""
    raise ValueError(f"{token} is no number")


def finite(token: str) -> float:
    """A number that fits."""
    value = float(token)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names differ."""
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name is given twice")
    return names
