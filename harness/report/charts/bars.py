"""Values side by side: {"unit", "labels", "series": {name: numbers or null}}."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from harness.report import numbers, shapes
from harness.report.charts.parts import ends, legend
from harness.report.svg import Scale, percent, picture, tag

_MAX_ROWS = 60


def draw(title: str, data: dict[str, Any]) -> Markup:
    """A table with a bar a value; dots where zero is far away."""
    labels = shapes.texts(data, "labels")
    series = shapes.columns(data, len(labels))
    unit = str(data.get("unit", ""))
    values = [x for column in series.values() for x in column if x is not None]
    far_from_zero = max(values) > min(values) > 0.5 * max(values)
    scale = Scale(min(0.0, *values), max(0.0, *values))
    if far_from_zero:
        scale = Scale.around(values, unit)
    rows = []
    for index, label in enumerate(labels[:_MAX_ROWS]):
        row = [column[index] for column in series.values()]
        # A bar that does not begin at zero lies about its length: dots have none.
        drawn = _dots(row, scale) if far_from_zero else _lengths(row, scale)
        rows.append(_bar_row(label, row, unit, drawn))
    if far_from_zero:
        rows.append(_scale_row(scale, unit))
    if len(labels) > _MAX_ROWS:
        rows.append(tag("tr", tag("td", f"and {len(labels) - _MAX_ROWS} more", colspan=3)))
    pair = " paired" if len(series) == 2 else ""
    table = tag("table", tag("caption", title), tag("tbody", *rows), class_=f"bars{pair}")
    return legend(list(series), f"legend{pair}") + table


def _bar_row(label: str, values: list[float | None], unit: str, drawn: list[Markup]) -> Markup:
    shown = [numbers.number(value) if value is not None else "-" for value in values]
    text = " \u2192 ".join(shown) + (f" {unit}" if unit else "")
    height = max(14, len(values) * 9)
    cell = tag("td", picture(f"{label}: {text}", height, *drawn))
    return tag("tr", tag("th", label, scope="row", title=label), cell, tag("td", text))


def _scale_row(scale: Scale, unit: str) -> Markup:
    """What the edges of the dots' picture stand for."""
    labels = ends(numbers.quantity(scale.low, unit), numbers.quantity(scale.high, unit), 12)
    drawn = picture("scale", 15, *labels)
    return tag("tr", tag("td"), tag("td", drawn), tag("td"), class_="ends", aria_hidden="true")


def _dots(values: list[float | None], scale: Scale) -> list[Markup]:
    """A dot a value, with the way between them."""
    known = [(index, scale(value)) for index, value in enumerate(values) if value is not None]
    places = [place for _, place in known] or [0.0]
    way = {"x1": percent(min(places)), "x2": percent(max(places)), "y1": 7, "y2": 7}
    return [
        tag("line", class_="rail", x1=0, x2="100%", y1=7, y2=7),
        tag("line", class_="span", **way),
        *(tag("circle", class_=f"s{n}", cx=percent(at), cy=7, r=4.5) for n, at in known),
    ]


def _lengths(values: list[float | None], scale: Scale) -> list[Markup]:
    """A bar a value, from zero."""
    zero = scale(0.0)
    bars = []
    for index, value in enumerate(values):
        if value is not None:
            left, right = sorted((zero, scale(value)))
            bars.append(
                tag(
                    "rect",
                    class_=f"s{index}",
                    x=percent(left),
                    width=percent(max(right - left, 0.002)),
                    y=index * 9,
                    height=7,
                    rx=2,
                )
            )
    return bars
