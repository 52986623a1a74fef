"""Differences of pairs: {"unit", "values", "value", "low", "high", "margin", "names"}.

One dot a pair, in the order in which they were measured; below them the interval of the middle,
against the margin. `names` are what is compared with what: [before, after].
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from harness.report import numbers, shapes
from harness.report.charts.parts import HEIGHT, LABEL, ends
from harness.report.svg import Scale, anchored, percent, picture, tag

_TRIMMED = 0.02  # share at each end that may lie outside of the picture: a stalled machine


def draw(title: str, data: dict[str, Any]) -> Markup:
    """Dots right of the line are pairs in which the second one was slower."""
    values = shapes.floats(data, "values")
    named = {key: shapes.number(data, key) for key in ("value", "low", "high", "margin")}
    if not values:
        raise ValueError("values: expected one number a pair at least")
    unit = str(data.get("unit", ""))
    before, after = [*shapes.texts(data, "names"), "", ""][:2]
    across = _across(values, list(named.values()))
    top = 2 * LABEL
    floor = top + HEIGHT
    middle, low, high = (_side(named[key], unit) for key in ("value", "low", "high"))
    told = (
        f"{after}: {middle} than {before} in the middle of {len(values)} pairs, "
        f"between {low} and {high}"
    )
    drawn = picture(
        f"{title}: {told}; margin {numbers.quantity(named['margin'], unit)}",
        floor + 2 * LABEL + 6,
        _bound(across(0.0), f"as {before}", 12, floor, "zero"),
        _bound(
            across(named["margin"]),
            f"margin {numbers.quantity(named['margin'], unit)}", 12 + LABEL, floor + 14, "margin",
        ),
        *_dots(values, across, top),
        _interval(named, across, floor + 8),
        *ends("faster", "slower", floor + 2 * LABEL),
        class_="chart pairs",
    )  # fmt: skip
    return drawn + tag("p", told, class_="note")


def _side(value: float, unit: str) -> str:
    return f"{numbers.quantity(abs(value), unit)} {'faster' if value < 0 else 'slower'}"


def _across(values: list[float], named: list[float]) -> Scale:
    ordered = sorted(values)
    cut = int(len(ordered) * _TRIMMED)
    return Scale.around([ordered[cut], ordered[-1 - cut], 0.0, *named], "")


def _bound(place: float, name: str, y: int, floor: int, kind: str) -> Markup:
    x = percent(place)
    return tag(
        "g",
        tag("line", x1=x, x2=x, y1=y + 4, y2=floor),
        tag("text", name, class_="label", x=x, y=y, text_anchor=anchored(place)),
        class_=f"mark {kind}",
    )


def _dots(values: list[float], across: Scale, top: int) -> list[Markup]:
    step = max(1, -(-len(values) // 600))
    shown = values[::step]
    room = (HEIGHT - 8) / max(1, len(shown) - 1)
    return [
        tag("circle", cx=percent(across(value)), cy=f"{top + 4 + n * room:.1f}", r=2.5)
        for n, value in enumerate(shown)
    ]


def _interval(named: dict[str, float], across: Scale, y: int) -> Markup:
    low, high = percent(across(named["low"])), percent(across(named["high"]))
    return tag(
        "g",
        tag("line", x1=low, x2=high, y1=y, y2=y),
        tag("circle", cx=percent(across(named["value"])), cy=y, r=5),
        class_="middle",
    )
