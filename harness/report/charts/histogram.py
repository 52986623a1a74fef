"""Counts in bins of any width: {"unit", "edges", "counts", "marks": {name: x}}."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from harness.report import numbers, shapes
from harness.report.charts.parts import HEIGHT, LABEL, ends, stacked
from harness.report.svg import Scale, anchored, percent, picture, tag

_MAX_BINS = 1_000


def draw(title: str, data: dict[str, Any]) -> Markup:
    """Bars whose area is the count, and marks above them."""
    edges, counts = shapes.floats(data, "edges"), shapes.floats(data, "counts")
    if not counts or len(edges) != len(counts) + 1 or len(counts) > _MAX_BINS or min(counts) < 0:
        raise ValueError("expected n counts from zero and n + 1 edges")
    if any(later <= former for former, later in zip(edges, edges[1:], strict=False)):
        raise ValueError("expected edges that rise")
    edges, counts = _trimmed(edges, counts)
    unit = str(data.get("unit", ""))
    scale = Scale(edges[0], edges[-1], logarithmic=edges[0] > 0 and edges[-1] / edges[0] > 30)
    marks = sorted(shapes.named(data, "marks").items(), key=lambda mark: mark[1])
    lines = stacked([scale(value) for _, value in marks])
    top = (max(lines, default=-1) + 1) * LABEL + 4
    drawn = [
        _mark(name, value, unit, scale(value), line, top)
        for (name, value), line in zip(marks, lines, strict=True)
    ]
    floor = top + HEIGHT
    return picture(
        f"{title}: {', '.join(f'{name} {numbers.quantity(x, unit)}' for name, x in marks)}",
        floor + LABEL + 3,
        _bins(edges, counts, scale, top),
        tag("line", class_="axis", x1=0, x2="100%", y1=floor, y2=floor),
        *drawn,
        *ends(numbers.quantity(edges[0], unit), numbers.quantity(edges[-1], unit), floor + 14),
    )


def _trimmed(edges: list[float], counts: list[float]) -> tuple[list[float], list[float]]:
    """Without the empty bins at both ends."""
    full = [index for index, count in enumerate(counts) if count] or [0]
    first, last = full[0], full[-1] + 1
    return edges[first : last + 1], counts[first:last]


def _bins(edges: list[float], counts: list[float], scale: Scale, top: int) -> Markup:
    """Bars whose area is the count, as bins may be of any width."""
    places = [scale(edge) for edge in edges]
    pairs = list(zip(places, places[1:], strict=False))
    widths = [max(right - left, 1e-9) for left, right in pairs]
    densities = [count / width for count, width in zip(counts, widths, strict=True)]
    highest = max(densities) or 1.0
    bars = [
        tag(
            "rect",
            x=percent(left),
            width=percent(right - left),
            y=f"{top + HEIGHT * (1 - density / highest):.2f}",
            height=f"{HEIGHT * density / highest:.2f}",
        )
        for (left, right), density in zip(pairs, densities, strict=True)
        if density
    ]
    return tag("g", *bars, class_="bins")


def _mark(name: str, value: float, unit: str, place: float, line: int, top: int) -> Markup:
    text = f"{name} {numbers.quantity(value, unit)}"
    y = line * LABEL + 13
    return tag(
        "g",
        tag("line", x1=percent(place), x2=percent(place), y1=y + 3, y2=top + HEIGHT),
        tag("text", text, class_="label", x=percent(place), y=y, text_anchor=anchored(place)),
        class_="mark",
    )
