"""Evidence as pictures: inline SVG without scripts, readable aloud, the same on a phone.

Kinds and their data; one module a kind:
    histogram  {"unit", "edges": n + 1 numbers that rise, "counts": n numbers, "marks": {name: x}}
    bars       {"unit", "labels": n texts, "series": {name: n numbers or null}}
    series     {"unit", "x_unit", "x": n numbers that rise, "series": {name: n numbers or null}}
    matrix     {"unit", "down", "across", "rows": m texts, "columns": n texts,
                "cells": m lists of n numbers from zero or null}
    scatter    {"x_unit", "y_unit", "x_name", "y_name",
                "points": [{"name", "x", "y", "low", "high", "front": bool}]}
    timeline   {"x_unit", "panels": [{"name", "unit", "x", "series"}], "marks": [{"x", "name"}]}
    curve      {"x_unit", "y_unit", "x_name", "y_name", "series": {name: {"x", "y"}},
                "bands": [{"from", "to", "name"}], "lines": [{"x" or "y", "name"}]}
    pairs      {"unit", "values", "value", "low", "high", "margin", "names": [before, after]}
    strip      {"x_unit", "marks", "items": [{"start", "end", "kind"}],
                "kinds": {kind: "good", "neutral" or "bad"}}
    text       {"text"}
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from harness.model import Evidence
from harness.report.charts import (
    bars,
    curve,
    histogram,
    matrix,
    pairs,
    scatter,
    series,
    strip,
    text,
    timeline,
)
from harness.report.svg import tag

_KINDS: dict[str, Callable[[str, dict[str, Any]], Markup]] = {
    "histogram": histogram.draw,
    "bars": bars.draw,
    "series": series.draw,
    "matrix": matrix.draw,
    "scatter": scatter.draw,
    "timeline": timeline.draw,
    "curve": curve.draw,
    "pairs": pairs.draw,
    "strip": strip.draw,
    "text": text.draw,
}


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
