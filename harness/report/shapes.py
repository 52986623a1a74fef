"""The shapes of evidence, checked before anything is drawn: a report may come from anybody."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

MAX_SERIES = 6
MAX_POINTS = 40


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a scatter; `low` and `high` are the ends of an interval of `y`."""

    name: str
    x: float
    y: float
    low: float
    high: float
    front: bool

    @property
    def span(self) -> tuple[float, float]:
        """The interval, with the value itself in it."""
        return min(self.low, self.y), max(self.high, self.y)


def floats(data: dict[str, Any], key: str) -> list[float]:
    """`data[key]`, a list of finite numbers. Raises ValueError."""
    found = data.get(key)
    if not isinstance(found, list) or not all(is_number(item) for item in found):
        raise ValueError(f"{key}: expected a list of numbers")
    return [float(item) for item in found]


def number(data: dict[str, Any], key: str) -> float:
    """`data[key]`, a finite number. Raises ValueError."""
    found = data.get(key)
    if not is_number(found):
        raise ValueError(f"{key}: expected a number")
    return float(data[key])


def named(data: dict[str, Any], key: str) -> dict[str, float]:
    """`data[key]`, finite numbers by name, the first few; none where there is no such key."""
    found = data.get(key, {})
    if not isinstance(found, dict) or not all(is_number(item) for item in found.values()):
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
        if not all(item is None or is_number(item) for item in column):
            raise ValueError(f"series.{name}: expected numbers")
    if all(item is None for column in found.values() for item in column):
        raise ValueError("series: holds no number")
    return {str(name): list(column) for name, column in found.items()}


def cells(data: dict[str, Any], rows: int, columns: int) -> list[list[float | None]]:
    """`data["cells"]`, `rows` lists of `columns` numbers from zero or None. Raises ValueError."""
    found = data.get("cells")
    if not isinstance(found, list) or len(found) != rows:
        raise ValueError(f"cells: expected {rows} lists")
    for index, row in enumerate(found):
        if not isinstance(row, list) or len(row) != columns:
            raise ValueError(f"cells[{index}]: expected {columns} numbers")
        if not all(item is None or (is_number(item) and item >= 0) for item in row):
            raise ValueError(f"cells[{index}]: expected numbers from zero")
    if all(item is None for row in found for item in row):
        raise ValueError("cells: holds no number")
    return [list(row) for row in found]


def points(data: dict[str, Any]) -> list[Point]:
    """`data["points"]`, each with `name`, `x`, `y`, and perhaps `low`, `high`, `front`.

    Raises ValueError.
    """
    found = data.get("points")
    if not isinstance(found, list) or not 0 < len(found) <= MAX_POINTS:
        raise ValueError(f"points: expected one to {MAX_POINTS}")
    return [_point(f"points[{index}]", item) for index, item in enumerate(found)]


def _point(where: str, item: object) -> Point:
    if not isinstance(item, dict) or not all(is_number(item.get(key)) for key in ("x", "y")):
        raise ValueError(f"{where}: expected numbers x and y")
    y = float(item["y"])
    low, high = item.get("low"), item.get("high")
    for end in (low, high):
        if end is not None and not is_number(end):
            raise ValueError(f"{where}: expected numbers low and high")
    return Point(
        name=str(item.get("name", "")),
        x=float(item["x"]),
        y=y,
        low=y if low is None else float(low),
        high=y if high is None else float(high),
        front=item.get("front") is True,
    )


def is_number(value: object) -> bool:
    """Whether it is a finite number of a size that can be drawn."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < 1e300 and math.isfinite(value)
