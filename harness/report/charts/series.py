"""Lines over a common axis: {"unit", "x_unit", "x", "series": {name: numbers or null}}."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from harness.report import numbers, shapes
from harness.report.charts.lines import field, line
from harness.report.charts.parts import HEIGHT, LABEL, ends, legend
from harness.report.svg import Scale, picture, tag


def draw(title: str, data: dict[str, Any]) -> Markup:
    """A line for each series."""
    x = shapes.floats(data, "x")
    series = shapes.columns(data, len(x))
    if len(x) < 2 or any(later < former for former, later in zip(x, x[1:], strict=False)):
        raise ValueError("expected at least two x that rise")
    unit, x_unit = str(data.get("unit", "")), str(data.get("x_unit", ""))
    values = [y for column in series.values() for y in column if y is not None]
    across, up = Scale(x[0], x[-1]), Scale.around(values, unit)
    paths = [
        line(x, column, across, up, f"s{index}") for index, column in enumerate(series.values())
    ]
    top, floor = LABEL, LABEL + HEIGHT
    low, high = numbers.quantity(min(values), unit), numbers.quantity(max(values), unit)
    drawn = picture(
        f"{title}: between {low} and {high}",
        floor + LABEL + 3,
        tag("line", class_="axis", x1=0, x2="100%", y1=floor, y2=floor),
        field(top, HEIGHT, *paths),
        tag("text", f"{low} to {high}", class_="label", x=0, y=12),
        *ends(numbers.quantity(x[0], x_unit), numbers.quantity(x[-1], x_unit), floor + 14),
    )
    return legend(list(series), "legend") + drawn
