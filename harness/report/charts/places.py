"""The shapes of evidence that is drawn over an axis, checked before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.report import shapes

MAX_PANELS = 6
MAX_MARKS = 6
MAX_ITEMS = 20_000
TONES = ("good", "neutral", "bad")


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of a time line; `colour` is the number of its first series among all."""

    name: str
    unit: str
    x: list[float]
    series: dict[str, list[float | None]]
    colour: int


@dataclass(frozen=True, slots=True)
class Curve:
    """One line."""

    x: list[float]
    y: list[float | None]


@dataclass(frozen=True, slots=True)
class Band:
    """A named stretch of the axis."""

    low: float
    high: float
    name: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A named line: upright at `x`, or level at `y`."""

    name: str
    x: float | None
    y: float | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A named moment."""

    name: str
    x: float


@dataclass(frozen=True, slots=True)
class Item:
    """What lasted from `start` to `end`."""

    start: float
    end: float
    kind: str


def panels(data: dict[str, Any]) -> list[Panel]:
    """`data["panels"]`, each with `name`, `unit`, `x` that rise and `series`. Raises ValueError."""
    found: list[Panel] = []
    colour = 0
    for where, item in _tables(data, "panels", 1, MAX_PANELS):
        try:
            x = rising(item, "x")
            series = shapes.columns(item, len(x))
        except ValueError as problem:
            raise ValueError(f"{where}.{problem}") from None
        found.append(Panel(str(item.get("name", "")), str(item.get("unit", "")), x, series, colour))
        colour = (colour + len(series)) % shapes.MAX_SERIES
    return found


def curves(data: dict[str, Any]) -> dict[str, Curve]:
    """`data["series"]`, each with `x` that rise and as many `y`. Raises ValueError."""
    found = data.get("series")
    if not isinstance(found, dict) or not 0 < len(found) <= shapes.MAX_SERIES:
        raise ValueError(f"series: expected one to {shapes.MAX_SERIES} lines by name")
    drawn: dict[str, Curve] = {}
    for name, item in found.items():
        if not isinstance(item, dict):
            raise ValueError(f"series.{name}: expected x and y")
        x = rising(item, "x")
        (y,) = shapes.columns({"series": {name: item.get("y")}}, len(x)).values()
        drawn[str(name)] = Curve(x, y)
    return drawn


def rising(data: dict[str, Any], key: str) -> list[float]:
    """`data[key]`, numbers that do not fall. Raises ValueError."""
    x = shapes.floats(data, key)
    if not x or any(later < former for former, later in zip(x, x[1:], strict=False)):
        raise ValueError(f"{key}: expected numbers that rise")
    return x


def bands(data: dict[str, Any]) -> list[Band]:
    """`data["bands"]`, each with `from`, `to` and `name`; may be absent. Raises ValueError."""
    return [
        Band(shapes.number(item, "from"), shapes.number(item, "to"), str(item.get("name", "")))
        for _, item in _tables(data, "bands", 0, MAX_MARKS)
    ]


def bounds(data: dict[str, Any]) -> list[Bound]:
    """`data["lines"]`, each with `x` or `y` and `name`; may be absent. Raises ValueError."""
    found = []
    for _, item in _tables(data, "lines", 0, MAX_MARKS):
        x = shapes.number(item, "x") if "x" in item else None
        y = shapes.number(item, "y") if x is None else None
        found.append(Bound(str(item.get("name", "")), x, y))
    return found


def marks(data: dict[str, Any]) -> list[Mark]:
    """`data["marks"]`, each with `x` and `name`; may be absent. Raises ValueError."""
    return [
        Mark(str(item.get("name", "")), shapes.number(item, "x"))
        for _, item in _tables(data, "marks", 0, MAX_MARKS)
    ]


def kinds(data: dict[str, Any]) -> dict[str, str]:
    """`data["kinds"]`, a tone by kind. Raises ValueError."""
    found = data.get("kinds")
    if not isinstance(found, dict) or not found or not set(found.values()) <= set(TONES):
        raise ValueError(f"kinds: expected one of {', '.join(TONES)} by kind")
    return {str(kind): str(tone) for kind, tone in found.items()}


def items(data: dict[str, Any], known: dict[str, str]) -> list[Item]:
    """`data["items"]`, each with `start`, `end` and a known `kind`. Raises ValueError."""
    found = []
    for where, item in _tables(data, "items", 1, MAX_ITEMS):
        start, end, kind = (
            shapes.number(item, "start"),
            shapes.number(item, "end"),
            item.get("kind"),
        )
        if kind not in known or end < start:
            raise ValueError(f"{where}: expected a known kind, and an end after its start")
        found.append(Item(start, end, str(kind)))
    return sorted(found, key=lambda item: item.start)


def _tables(
    data: dict[str, Any], key: str, least: int, most: int
) -> list[tuple[str, dict[str, Any]]]:
    found = data.get(key, [])
    if not isinstance(found, list) or not least <= len(found) <= most:
        raise ValueError(f"{key}: expected {least} to {most} tables")
    if not all(isinstance(item, dict) for item in found):
        raise ValueError(f"{key}: expected tables")
    return [(f"{key}[{index}]", item) for index, item in enumerate(found)]
