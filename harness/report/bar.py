"""One measurement on a bar: where the limit is, where the value is, and how sure that is."""

from __future__ import annotations

import math

from markupsafe import Markup

from harness.limits import Limit
from harness.model import JudgedMeasurement
from harness.report import numbers
from harness.report.svg import Scale, anchored, percent, picture, tag

_TOP, _TRACK = 6, 10  # pixels
_MIDDLE = _TOP + _TRACK / 2


def draw(row: JudgedMeasurement) -> Markup:
    """The bar of a limited measurement; empty where there is nothing to draw."""
    limit = _limit(row)
    if row.value is None or limit is None:
        return Markup("")
    bound, operator = limit
    known = [x for x in (row.value, row.low, row.high, bound) if x is not None]
    scale = Scale.around(known, row.unit)
    at = scale(bound)
    return picture(
        _label(row),
        36,
        tag("rect", class_="track", x=0, y=_TOP, width="100%", height=_TRACK, rx=5),
        _allowed(at, operator),
        _band(row, scale),
        tag("line", class_="bound", x1=percent(at), x2=percent(at), y1=1, y2=_TOP + _TRACK + 5),
        tag("circle", class_="dot", cx=percent(scale(row.value)), cy=_MIDDLE, r=5),
        tag(
            "text",
            row.limit or "",
            class_="label",
            x=percent(at),
            y=33,
            text_anchor=anchored(at),
        ),
        class_=f"bar {row.outcome or 'info'}",
    )


def _limit(row: JudgedMeasurement) -> tuple[float, str] | None:
    """The limit's value in the measurement's unit, and its operator."""
    if row.limit is None:
        return None
    try:
        limit = Limit.parse(row.limit)
        bound = limit.in_unit(row.unit)
    except ValueError:  # of another dimension: the check errored, and its reason says so
        return None
    return (bound, limit.operator) if math.isfinite(bound) else None


def _allowed(at: float, operator: str) -> Markup:
    """The side of the limit where the value may be."""
    if operator == "==":
        return Markup("")
    start, width = (0.0, at) if operator.startswith("<") else (at, 1 - at)
    return tag(
        "rect",
        class_="allowed",
        x=percent(start),
        y=_TOP,
        width=percent(width),
        height=_TRACK,
        rx=5,
    )


def _band(row: JudgedMeasurement, scale: Scale) -> Markup:
    """The interval; an open end reaches the edge."""
    if row.low is None and row.high is None:
        return Markup("")
    start = 0.0 if row.low is None else scale(row.low)
    end = 1.0 if row.high is None else scale(row.high)
    return tag(
        "rect",
        class_="band",
        x=percent(start),
        y=_TOP + 1,
        width=percent(max(end - start, 0.004)),
        height=_TRACK - 2,
        rx=3,
    )


def _label(row: JudgedMeasurement) -> str:
    parts = [f"{row.name} {numbers.quantity(row.value, row.unit)}", f"limit {row.limit}"]
    span = numbers.interval(row)
    parts += [f"interval {span}"] if span else []
    return ", ".join(parts) + (f": {row.outcome}" if row.outcome else "")
