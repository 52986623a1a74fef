"""The shapes of evidence, checked before anything is drawn: a report may come from anybody."""

from __future__ import annotations

import math
from typing import Any

MAX_SERIES = 6


def floats(data: dict[str, Any], key: str) -> list[float]:
    """`data[key]`, a list of finite numbers. Raises ValueError."""
    found = data.get(key)
    if not isinstance(found, list) or not all(_is_number(item) for item in found):
        raise ValueError(f"{key}: expected a list of numbers")
    return [float(item) for item in found]


def named(data: dict[str, Any], key: str) -> dict[str, float]:
    """`data[key]`, finite numbers by name, the first few; none where there is no such key."""
    found = data.get(key, {})
    if not isinstance(found, dict) or not all(_is_number(item) for item in found.values()):
        raise ValueError(f"{key}: expected numbers by name")
    return {str(name): float(item) for name, item in list(found.items())[:8]}


def texts(data: dict[str, Any], key: str) -> list[str]:
    """`data[key]`, a list that is not empty, as texts. Raises ValueError."""
    found = data.get(key)
    if not isinstance(found, list) or not found:
        raise ValueError(f"{key}: expected a list of texts")
    return [str(item) for item in found]


def columns(data: dict[str, Any], length: int) -> dict[str, list[float | None]]:
    """`data["series"]`, lists of `length` by name, with one number at least. Raises ValueError."""
    found = data.get("series")
    if not isinstance(found, dict) or not 0 < len(found) <= MAX_SERIES:
        raise ValueError(f"series: expected one to {MAX_SERIES} lists by name")
    for name, column in found.items():
        if not isinstance(column, list) or len(column) != length:
            raise ValueError(f"series.{name}: expected {length} numbers")
        if not all(item is None or _is_number(item) for item in column):
            raise ValueError(f"series.{name}: expected numbers")
    if all(item is None for column in found.values() for item in column):
        raise ValueError("series: holds no number")
    return {str(name): list(column) for name, column in found.items()}


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < 1e300 and math.isfinite(value)
