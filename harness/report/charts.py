"""Evidence as pictures: inline SVG without scripts, readable aloud, the same on a phone.

Kinds and their data:
    histogram  {"unit", "edges": n + 1 numbers that rise, "counts": n numbers, "marks": {name: x}}
    bars       {"unit", "labels": n texts, "series": {name: n numbers or null}}
    series     {"unit", "x_unit", "x": n numbers that rise, "series": {name: n numbers or null}}
    text       {"text"}
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from harness.model import Evidence
from harness.report import numbers, shapes
from harness.report.svg import Scale, anchored, percent, picture, tag

_HEIGHT = 96  # pixels of a plot
_LABEL = 17  # pixels of a line of labels
_MAX_BINS, _MAX_ROWS = 1_000, 60
_CLOSE = 0.2  # labels nearer than this share of the width go into lines of their own


def draw(evidence: Evidence) -> Markup:
    """The picture of one attachment; data of an unknown shape is shown as it is, and why."""
    drawing = _KINDS.get(evidence.kind)
    try:
        if drawing is None:
            raise ValueError(f"no picture for evidence of kind {evidence.kind!r}")
        return drawing(evidence.title, evidence.data)
    except ValueError as problem:
        shown = json.dumps(evidence.data, ensure_ascii=False, default=str)[:4_000]
        return tag("p", f"not drawn: {problem}", class_="note") + tag("pre", shown)


def _histogram(title: str, data: dict[str, Any]) -> Markup:
    edges, counts = shapes.floats(data, "edges"), shapes.floats(data, "counts")
    if not counts or len(edges) != len(counts) + 1 or len(counts) > _MAX_BINS or min(counts) < 0:
        raise ValueError("expected n counts from zero and n + 1 edges")
    if any(later <= former for former, later in zip(edges, edges[1:], strict=False)):
        raise ValueError("expected edges that rise")
    edges, counts = _trimmed(edges, counts)
    unit = str(data.get("unit", ""))
    scale = Scale(edges[0], edges[-1], logarithmic=edges[0] > 0 and edges[-1] / edges[0] > 30)
    marks = sorted(shapes.named(data, "marks").items(), key=lambda mark: mark[1])
    lines = _lines([scale(value) for _, value in marks])
    top = (max(lines, default=-1) + 1) * _LABEL + 4
    drawn = [
        _mark(name, value, unit, scale(value), line, top)
        for (name, value), line in zip(marks, lines, strict=True)
    ]
    floor = top + _HEIGHT
    return picture(
        f"{title}: {', '.join(f'{name} {numbers.quantity(x, unit)}' for name, x in marks)}",
        floor + _LABEL + 3,
        _bins(edges, counts, scale, top),
        tag("line", class_="axis", x1=0, x2="100%", y1=floor, y2=floor),
        *drawn,
        *_ends(numbers.quantity(edges[0], unit), numbers.quantity(edges[-1], unit), floor + 14),
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
            y=f"{top + _HEIGHT * (1 - density / highest):.2f}",
            height=f"{_HEIGHT * density / highest:.2f}",
        )
        for (left, right), density in zip(pairs, densities, strict=True)
        if density
    ]
    return tag("g", *bars, class_="bins")


def _mark(name: str, value: float, unit: str, place: float, line: int, top: int) -> Markup:
    text = f"{name} {numbers.quantity(value, unit)}"
    y = line * _LABEL + 13
    return tag(
        "g",
        tag("line", x1=percent(place), x2=percent(place), y1=y + 3, y2=top + _HEIGHT),
        tag("text", text, class_="label", x=percent(place), y=y, text_anchor=anchored(place)),
        class_="mark",
    )


def _lines(places: list[float]) -> list[int]:
    """For each label the line in which it does not touch the one before; the last is lowest."""
    used: list[float] = []
    chosen = []
    for place in places:
        free = (n for n, end in enumerate(used) if place - end >= _CLOSE)
        line = next(free, len(used))
        if line == len(used):
            used.append(place)
        used[line] = place
        chosen.append(line)
    return chosen


def _ends(first: str, last: str, y: int) -> tuple[Markup, Markup]:
    return (
        tag("text", first, class_="label", x=0, y=y),
        tag("text", last, class_="label", x="100%", y=y, text_anchor="end"),
    )


def _bars(title: str, data: dict[str, Any]) -> Markup:
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
    return _legend(list(series), f"legend{pair}") + table


def _bar_row(label: str, values: list[float | None], unit: str, drawn: list[Markup]) -> Markup:
    shown = [numbers.number(value) if value is not None else "-" for value in values]
    text = " \u2192 ".join(shown) + (f" {unit}" if unit else "")
    height = max(14, len(values) * 9)
    cell = tag("td", picture(f"{label}: {text}", height, *drawn))
    return tag("tr", tag("th", label, scope="row", title=label), cell, tag("td", text))


def _scale_row(scale: Scale, unit: str) -> Markup:
    """What the edges of the dots' picture stand for."""
    ends = _ends(numbers.quantity(scale.low, unit), numbers.quantity(scale.high, unit), 12)
    drawn = picture("scale", 15, *ends)
    return tag("tr", tag("td"), tag("td", drawn), tag("td"), class_="ends", aria_hidden="true")


def _dots(values: list[float | None], scale: Scale) -> list[Markup]:
    """A dot a value, with the way between them."""
    known = [(index, scale(value)) for index, value in enumerate(values) if value is not None]
    places = [place for _, place in known] or [0.0]
    ends = {"x1": percent(min(places)), "x2": percent(max(places)), "y1": 7, "y2": 7}
    return [
        tag("line", class_="rail", x1=0, x2="100%", y1=7, y2=7),
        tag("line", class_="span", **ends),
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


def _lines_chart(title: str, data: dict[str, Any]) -> Markup:
    x = shapes.floats(data, "x")
    series = shapes.columns(data, len(x))
    if len(x) < 2 or any(later < former for former, later in zip(x, x[1:], strict=False)):
        raise ValueError("expected at least two x that rise")
    unit, x_unit = str(data.get("unit", "")), str(data.get("x_unit", ""))
    values = [y for column in series.values() for y in column if y is not None]
    across, up = Scale(x[0], x[-1]), Scale.around(values, unit)
    paths = [
        tag(
            "path",
            class_=f"s{index}",
            d=_path(x, column, across, up),
            vector_effect="non-scaling-stroke",
        )
        for index, column in enumerate(series.values())
    ]
    top, floor = _LABEL, _LABEL + _HEIGHT
    low, high = numbers.quantity(min(values), unit), numbers.quantity(max(values), unit)
    plot = tag(
        "svg",
        *paths,
        x=0,
        y=top,
        width="100%",
        height=_HEIGHT,
        viewBox="0 0 1000 100",
        preserveAspectRatio="none",
    )
    drawn = picture(
        f"{title}: between {low} and {high}",
        floor + _LABEL + 3,
        tag("line", class_="axis", x1=0, x2="100%", y1=floor, y2=floor),
        plot,
        tag("text", f"{low} to {high}", class_="label", x=0, y=12),
        *_ends(numbers.quantity(x[0], x_unit), numbers.quantity(x[-1], x_unit), floor + 14),
    )
    return _legend(list(series), "legend") + drawn


def _path(x: list[float], y: list[float | None], across: Scale, up: Scale) -> str:
    """A line that is broken where nothing was measured; at most about 1,000 points."""
    step = max(1, len(x) // 1_000)
    parts: list[str] = []
    pen = "M"
    for place, value in list(zip(x, y, strict=True))[::step]:
        if value is None:
            pen = "M"
            continue
        parts.append(f"{pen}{across(place) * 1000:.1f} {100 - up(value) * 100:.2f}")
        pen = "L"
    return "".join(parts)


def _text(title: str, data: dict[str, Any]) -> Markup:
    text = data.get("text")
    if not isinstance(text, str):
        raise ValueError("expected a text")
    return tag("pre", text, tabindex=0, aria_label=title)


def _legend(names: list[str], class_: str) -> Markup:
    """What the colours stand for, where there is more than one."""
    if len(names) < 2:
        return Markup("")
    entries = [tag("span", tag("i", class_=f"s{index}"), name) for index, name in enumerate(names)]
    return tag("p", *entries, class_=class_)


_KINDS: dict[str, Callable[[str, dict[str, Any]], Markup]] = {
    "histogram": _histogram,
    "bars": _bars,
    "series": _lines_chart,
    "text": _text,
}
