"""Values beside each other, never with a bar that lies about its length."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.report.charts import bars


def drawn(data: dict[str, Any]) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(f"<div>{bars.draw('Title', data)}</div>")


def test_values_from_zero_are_bars() -> None:
    data = {"unit": "%", "labels": ["a", "b"], "series": {"one": [10, 100], "two": [50, None]}}
    root = drawn(data)
    assert len(list(root.iter("rect"))) == 3
    assert [cell.text for cell in root.findall(".//td[last()]")] == [
        "10 \u2192 50 %",
        "100 \u2192 - %",
    ]


def test_values_far_from_zero_are_dots_on_a_scale_that_is_told() -> None:
    data = {"unit": "%", "labels": ["a"], "series": {"reference": [98.0], "candidate": [90.0]}}
    root = drawn(data)
    assert len(list(root.iter("circle"))) == 2
    assert [text.text for text in root.iter("text")] == ["89.2 %", "98.8 %"]


def test_two_series_have_a_legend() -> None:
    root = drawn({"labels": ["a"], "series": {"x": [1], "y": [2]}})
    assert [swatch.tail for swatch in root.iter("i")] == ["x", "y"]
