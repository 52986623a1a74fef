"""Lines over a quantity that was set: {"x_unit", "y_unit", "x_name", "y_name", "series", ...}.

"series": {name: {"x": n numbers that rise, "y": n numbers or null}}
"bands":  [{"from", "to", "name"}], upright, and "lines": [{"x" or "y", "name"}]
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from harness.report import numbers
from harness.report.charts import places
from harness.report.charts.lines import field, line
from harness.report.charts.parts import LABEL, ends, leaning, legend
from harness.report.svg import Scale, percent, picture, tag

_HEIGHT = 190  # pixels of the plot


def draw(title: str, data: dict[str, Any]) -> Markup:
    """A line with a dot at each point, the bands behind it, and what it is held against."""
    series = places.curves(data)
    bands, lines = places.bands(data), places.bounds(data)
    uprights = [(place.x, place.name) for place in lines if place.x is not None]
    levels = [(place.y, place.name) for place in lines if place.y is not None]
    names = [str(data.get(key, "")) for key in ("x_name", "y_name")]
    units = [str(data.get(key, "")) for key in ("x_unit", "y_unit")]
    xs = [x for curve in series.values() for x in curve.x] + [x for x, _ in uprights]
    across = Scale.around(
        [*xs, *(end for band in bands for end in (band.low, band.high))], units[0]
    )
    up = _up([y for c in series.values() for y in c.y if y is not None] + [y for y, _ in levels])
    top = LABEL * (1 + len(uprights) + len(bands)) + 4
    floor = top + _HEIGHT
    high = f"{names[1]} up to {numbers.quantity(up.high, units[1])}".strip()
    low, last = numbers.quantity(across.low, units[0]), numbers.quantity(across.high, units[0])
    drawn = picture(
        f"{title}: {', '.join([*(name for _, name in uprights), *(band.name for band in bands)])}",
        floor + LABEL + 3,
        *(_band(across(b.low), across(b.high), b.name, LABEL * (n + 1), top, floor)
          for n, b in enumerate(bands)),
        tag("line", class_="axis", x1=0, x2="100%", y1=floor, y2=floor),
        tag("text", high, class_="label", x=0, y=12),
        *(_upright(across(x), name, LABEL * (n + 1 + len(bands)), floor)
          for n, (x, name) in enumerate(uprights)),
        field(top, _HEIGHT, *(line(c.x, c.y, across, up, f"s{n}")
                              for n, c in enumerate(series.values()))),
        *(_dot(across(x), _y(up(y), top), n) for n, c in enumerate(series.values())
          for x, y in zip(c.x, c.y, strict=True) if y is not None),
        *(_level(_y(up(y), top), name) for y, name in levels),
        *ends(low, f"{names[0]} {last}".strip(), floor + 14),
        class_="chart curve",
    )  # fmt: skip
    return legend(list(series), "legend") + drawn


def _up(values: list[float]) -> Scale:
    """By the logarithm where a queue makes the last points a hundred times the first."""
    low, high = min(values), max(values)
    if low > 0 and high / low > 30:
        return Scale(low / 1.3, high * 1.3, logarithmic=True)
    return Scale(min(0.0, low), high * 1.05 or 1.0)


def _y(share: float, top: int) -> float:
    return round(top + _HEIGHT * (1 - share), 1)


def _band(left: float, right: float, name: str, y: int, top: int, floor: int) -> Markup:
    width = max(right - left, 0.004)
    middle = left + width / 2
    return tag(
        "g",
        tag("rect", x=percent(left), width=percent(width), y=top, height=floor - top),
        tag(
            "text",
            name,
            class_="label",
            x=percent(middle),
            y=y + 12,
            text_anchor=leaning(middle, name),
        ),
        class_="band",
    )


def _upright(place: float, name: str, y: int, floor: int) -> Markup:
    x = percent(place)
    return tag(
        "g",
        tag("line", x1=x, x2=x, y1=y + 16, y2=floor),
        tag("text", name, class_="label", x=x, y=y + 12, text_anchor=leaning(place, name)),
        class_="mark",
    )


def _level(y: float, name: str) -> Markup:
    return tag(
        "g",
        tag("line", x1=0, x2="100%", y1=y, y2=y),
        tag("text", name, class_="label", x=0, y=y - 5),
        class_="mark",
    )


def _dot(x: float, y: float, number: int) -> Markup:
    return tag("circle", class_=f"s{number}", cx=percent(x), cy=y, r=3.5)
