"""What became of each request around a moment: {"x_unit", "marks", "items", "kinds"}.

"items": [{"start", "end", "kind"}], "kinds": {kind: "good", "neutral" or "bad"}
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from harness.report import numbers
from harness.report.charts import places
from harness.report.charts.parts import LABEL, ends, stacked
from harness.report.svg import Scale, anchored, percent, picture, tag

_ROWS = 36
_ROW = 5  # pixels
_MOST = 600  # requests that are drawn; of those that went well some are left out first


def draw(title: str, data: dict[str, Any]) -> Markup:
    """A bar from the start to the end of each request, in the colour of what became of it."""
    kinds = places.kinds(data)
    items = places.items(data, kinds)
    marks = sorted(places.marks(data), key=lambda mark: mark.x)
    counts = {kind: sum(item.kind == kind for item in items) for kind in kinds}
    moments = [mark.x for mark in marks]
    across = Scale(
        min(moments + [item.start for item in items]), max(moments + [item.end for item in items])
    )
    unit = str(data.get("x_unit", ""))
    lines = stacked([across(mark.x) for mark in marks])
    top = LABEL * (max(lines, default=-1) + 1) + 4
    rows = _rows(_thinned(items, kinds), across)
    floor = top + _ROW * max(1, len(rows)) + 3
    bars = [
        _bar(item, across, top + n * _ROW, kinds[item.kind])
        for n, row in enumerate(rows)
        for item in row
    ]
    told = [f"{count} {kind}" for kind, count in counts.items() if count]
    drawn = picture(
        f"{title}: {', '.join(told)}",
        floor + LABEL + 3,
        *bars,
        tag("line", class_="axis", x1=0, x2="100%", y1=floor, y2=floor),
        *(
            _mark(mark.name, across(mark.x), line * LABEL, floor)
            for mark, line in zip(marks, lines, strict=True)
        ),
        *ends(_seconds(across.low, unit), _seconds(across.high, unit), floor + 14),
        class_="chart strip",
    )
    return _legend(counts, kinds) + drawn


def _seconds(value: float, unit: str) -> str:
    return numbers.quantity(round(value, 2), unit)


def _legend(counts: dict[str, int], kinds: dict[str, str]) -> Markup:
    entries = [
        tag("span", tag("i", class_=kinds[kind]), f"{count} {kind}")
        for kind, count in counts.items()
        if count
    ]
    return tag("p", *entries, class_="legend kinds")


def _thinned(items: list[places.Item], kinds: dict[str, str]) -> list[places.Item]:
    good = [item for item in items if kinds[item.kind] == "good"]
    rest = [item for item in items if kinds[item.kind] != "good"]
    step = max(1, -(-len(good) // max(1, _MOST - len(rest))))
    return sorted([*rest[:_MOST], *good[::step]], key=lambda item: item.start)


def _rows(items: list[places.Item], across: Scale) -> list[list[places.Item]]:
    """Each in the first row that is free at its start; in the fullest picture they overlap."""
    rows: list[list[places.Item]] = []
    free: list[float] = []
    for item in items:
        begins = across(item.start)
        row = next((n for n, end in enumerate(free) if end <= begins), None)
        if row is None and len(rows) < _ROWS:
            rows.append([])
            free.append(0.0)
            row = len(rows) - 1
        elif row is None:
            row = free.index(min(free))
        rows[row].append(item)
        free[row] = max(across(item.end), begins + 0.004) + 0.002
    return rows


def _bar(item: places.Item, across: Scale, y: int, tone: str) -> Markup:
    left = across(item.start)
    width = max(across(item.end) - left, 0.004)
    return tag("rect", class_=tone, x=percent(left), width=percent(width), y=y, height=_ROW - 1)


def _mark(name: str, place: float, y: int, floor: int) -> Markup:
    x = percent(place)
    return tag(
        "g",
        tag("line", x1=x, x2=x, y1=y + 16, y2=floor),
        tag("text", name, class_="label", x=x, y=y + 12, text_anchor=anchored(place)),
        class_="mark",
    )
