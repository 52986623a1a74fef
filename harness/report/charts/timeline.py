"""Panels on one time axis: {"x_unit", "panels": [{"name", "unit", "x", "series"}], "marks"}.

`marks` are moments, [{"x", "name"}], that all panels share.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from harness.report import numbers
from harness.report.charts import places
from harness.report.charts.lines import field, line
from harness.report.charts.parts import LABEL, ends, leaning, stacked
from harness.report.svg import Scale, percent, picture, tag

_HEIGHT = 66  # pixels of a panel
_GAP = 9


def draw(title: str, data: dict[str, Any]) -> Markup:
    """Panel above panel; the first holds what matters most."""
    panels = places.panels(data)
    marks = sorted(places.marks(data), key=lambda mark: mark.x)
    x_unit = str(data.get("x_unit", ""))
    across = Scale(min(p.x[0] for p in panels), max(p.x[-1] for p in panels))
    lines = stacked([across(mark.x) for mark in marks])
    top = (max(lines, default=-1) + 1) * LABEL
    drawn: list[Markup] = []
    y = top
    for panel in panels:
        drawn += _panel(panel, across, y)
        y += LABEL + _HEIGHT + _GAP
    floor = y - _GAP
    tops = range(top + LABEL, floor, LABEL + _HEIGHT + _GAP)
    moments = [
        _mark(mark.name, across(mark.x), line * LABEL, tops)
        for mark, line in zip(marks, lines, strict=True)
    ]
    shown = picture(
        f"{title}: {', '.join(panel.name for panel in panels)} over time",
        floor + LABEL + 3,
        *drawn,
        *moments,
        *ends(
            numbers.quantity(across.low, x_unit), numbers.quantity(across.high, x_unit), floor + 14
        ),
        class_="chart timeline",
    )
    return _legend(panels) + shown


def _legend(panels: list[places.Panel]) -> Markup:
    """What the colours stand for, in panels with more than one line."""
    entries = [
        tag("span", tag("i", class_=f"s{panel.colour + index}"), name)
        for panel in panels
        if len(panel.series) > 1
        for index, name in enumerate(panel.series)
    ]
    return tag("p", *entries, class_="legend") if entries else Markup("")


def _panel(panel: places.Panel, across: Scale, y: int) -> list[Markup]:
    values = [value for column in panel.series.values() for value in column if value is not None]
    up = Scale(min(0.0, *values), max(*values, 0.0) * 1.05 or 1.0)
    top, floor = y + LABEL, y + LABEL + _HEIGHT
    heading = f"{panel.name}: {numbers.number(min(values))} to"
    return [
        tag("line", class_="axis", x1=0, x2="100%", y1=floor, y2=floor),
        field(
            top,
            _HEIGHT,
            *(line(panel.x, column, across, up, f"s{panel.colour + index}")
              for index, column in enumerate(panel.series.values())),
        ),
        tag("text", f"{heading} {numbers.quantity(max(values), panel.unit)}",
            class_="label", x=0, y=y + 12),
    ]  # fmt: skip


def _mark(name: str, place: float, y: int, tops: range) -> Markup:
    """Its name above, and a line in each panel, which leaves the panels' headings to be read."""
    x = percent(place)
    return tag(
        "g",
        tag("text", name, class_="label", x=x, y=y + 12, text_anchor=leaning(place, name)),
        *(tag("line", x1=x, x2=x, y1=top, y2=top + _HEIGHT) for top in tops),
        class_="mark",
    )
