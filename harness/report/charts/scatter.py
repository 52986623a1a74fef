"""Things by two qualities: {"x_unit", "y_unit", "x_name", "y_name", "points"}; see `shapes.points`.

The points that no other beats in both are the front, joined by a line.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from harness.report import numbers, shapes
from harness.report.charts.parts import LABEL, ends
from harness.report.shapes import Point
from harness.report.svg import Scale, percent, picture, tag

_HEIGHT = 220  # pixels of the plot
_NEAR = 0.024, 13  # what is nearer than this share of the width and these pixels touches
_SIDE = 0.025  # of the width, from a dot to its number


def draw(title: str, data: dict[str, Any]) -> Markup:
    """A numbered dot with its interval for each point, and a table that says which is which."""
    points = shapes.points(data)
    names = [str(data.get(key, "")) for key in ("x_name", "y_name")]
    units = [str(data.get(key, "")) for key in ("x_unit", "y_unit")]
    across = _across([point.x for point in points], units[0])
    up = Scale.around([value for point in points for value in point.span], units[1])
    places = [(across(point.x), up(point.y)) for point in points]
    top = LABEL + 4
    floor = top + _HEIGHT
    high = f"{names[1]} {numbers.quantity(up.high, units[1])}".strip()
    low = numbers.quantity(up.low, units[1])
    drawn = picture(
        f"{title}: {len(points)} points, described in the table below",
        floor + LABEL + 3,
        tag("line", class_="axis", x1=0, x2="100%", y1=top, y2=top),
        tag("line", class_="axis", x1=0, x2="100%", y1=floor, y2=floor),
        tag("text", high, class_="label", x=0, y=12),
        tag("text", low, class_="label", x=0, y=floor - 5),
        *_front(points, places, top),
        *(_dot(p, place, up, top) for p, place in zip(points, places, strict=True)),
        *_numbers(places, top),
        *ends(*_labels(across, names[0], units[0]), floor + 14),
        class_="chart scatter",
    )
    return drawn + _table(title, points, names, units)


def _across(values: list[float], unit: str) -> Scale:
    low, high = min(values), max(values)
    if low > 0 and high / low > 30:
        return Scale(low / 1.2, high * 1.2, logarithmic=True)
    return Scale.around(values, unit)


def _labels(across: Scale, name: str, unit: str) -> tuple[str, str]:
    return numbers.quantity(across.low, unit), f"{name} {numbers.quantity(across.high, unit)}"


def _y(share: float, top: int) -> float:
    return top + _HEIGHT * (1 - share)


def _front(points: list[Point], places: list[tuple[float, float]], top: int) -> list[Markup]:
    """Lines between the points of the front, from left to right."""
    chosen = sorted(place for point, place in zip(points, places, strict=True) if point.front)
    return [
        tag(
            "line",
            class_="front",
            x1=percent(former[0]),
            y1=f"{_y(former[1], top):.1f}",
            x2=percent(later[0]),
            y2=f"{_y(later[1], top):.1f}",
        )
        for former, later in zip(chosen, chosen[1:], strict=False)
    ]


def _dot(point: Point, place: tuple[float, float], up: Scale, top: int) -> Markup:
    x = percent(place[0])
    low, high = (f"{_y(up(value), top):.1f}" for value in point.span)
    return tag(
        "g",
        tag("line", x1=x, x2=x, y1=low, y2=high),
        tag("circle", cx=x, cy=f"{_y(place[1], top):.1f}", r=5),
        class_="point best" if point.front else "point",
    )


def _numbers(places: list[tuple[float, float]], top: int) -> list[Markup]:
    """The number of each point right or left of its dot, lower where two would touch."""
    drawn: list[Markup] = []
    used = [(x, _y(share, top) + 4) for x, share in places]  # the dots themselves
    for number, (x, share) in sorted(enumerate(places, 1), key=lambda place: -place[1][1]):
        side, y = _free(x, _y(share, top) + 4, used)
        used.append((x + side, y))
        anchor = "start" if side > 0 else "end"
        place = {"x": percent(x), "y": f"{y:.1f}", "dx": 9 if side > 0 else -9}
        drawn.append(tag("text", number, class_="number", text_anchor=anchor, **place))
    return drawn


def _free(x: float, y: float, used: list[tuple[float, float]]) -> tuple[float, float]:
    """On which side of a dot, and at how many pixels, its number touches nothing."""
    while True:
        for side in (_SIDE, -_SIDE):
            at = x + side
            touched = any(abs(at - a) < _NEAR[0] and abs(y - b) < _NEAR[1] for a, b in used)
            if 0 <= at <= 1 and not touched:
                return side, y
        y += _NEAR[1]


def _table(title: str, points: list[Point], names: list[str], units: list[str]) -> Markup:
    heads = ["", "name", names[0] or "x", names[1] or "y", "front"]
    rows = [
        tag(
            "tr",
            tag("td", number),
            tag("th", point.name, scope="row"),
            tag("td", numbers.quantity(point.x, units[0])),
            tag("td", _value(point, units[1])),
            tag("td", "yes" if point.front else "no"),
        )
        for number, point in enumerate(points, 1)
    ]
    table = tag(
        "table",
        tag("caption", title),
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
        tag("tbody", *rows),
        class_="points",
    )
    return tag("div", table, class_="frame", role="region", tabindex=0, aria_label=title)


def _value(point: Point, unit: str) -> str:
    shown = numbers.quantity(point.y, unit)
    if point.low == point.high:
        return shown
    return f"{shown} ({numbers.number(point.low)} to {numbers.number(point.high)})"
