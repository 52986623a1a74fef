"""Counts of pairs: {"unit", "down", "across", "rows", "columns", "cells": from zero, or null}."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from harness.report import numbers, shapes
from harness.report.svg import tag

_MOST = 40  # rows, and columns, that are shown
_SHADES = 8


def draw(title: str, data: dict[str, Any]) -> Markup:
    """A table whose cells are the darker the larger they are; wide ones scroll in their frame."""
    rows, columns = shapes.texts(data, "rows"), shapes.texts(data, "columns")
    cells = shapes.cells(data, len(rows), len(columns))
    down, across, unit = (str(data.get(key, "")) for key in ("down", "across", "unit"))
    highest = max(value for row in cells for value in row if value is not None) or 1.0
    shown = [
        tag(
            "tr",
            tag("th", name, scope="row", title=name),
            *(_cell(value, highest) for value in row[:_MOST]),
        )
        for name, row in zip(rows[:_MOST], cells, strict=False)
    ]
    heads = [tag("th", name, scope="col", title=name) for name in columns[:_MOST]]
    table = tag(
        "table",
        tag("caption", f"{title}, {unit}" if unit else title),
        tag("thead", tag("tr", tag("td"), *heads)),
        tag("tbody", *shown),
        class_="matrix",
    )
    frame = tag("div", table, class_="frame", role="region", tabindex=0, aria_label=title)
    sides = f"{down} down, {across} across" if down and across else ""
    return _note(sides) + frame + _rest(rows, columns)


def _cell(value: float | None, highest: float) -> Markup:
    if value is None:
        return tag("td", class_="none")
    # The root of the share: in a confusion a few large counts would make all others invisible.
    shade = math.ceil(_SHADES * math.sqrt(value / highest))
    return tag("td", numbers.number(value), class_=f"m{shade}")


def _rest(rows: list[str], columns: list[str]) -> Markup:
    """What did not fit."""
    if max(len(rows), len(columns)) <= _MOST:
        return Markup("")
    kept = min(len(rows), _MOST), min(len(columns), _MOST)
    return _note(
        f"the first {kept[0]} of {len(rows)} rows and {kept[1]} of {len(columns)} columns are shown"
    )


def _note(text: str) -> Markup:
    return tag("p", text, class_="note") if text else Markup("")
