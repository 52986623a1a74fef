"""Bars of counts, and marks whose labels do not touch."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.report.charts import histogram


def drawn(data: dict[str, Any]) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(f"<div>{histogram.draw('Title', data)}</div>")


def test_a_histogram_has_a_bar_for_each_bin_that_holds_something() -> None:
    data = {"unit": "ms", "edges": [0, 1, 2, 3], "counts": [4, 0, 8], "marks": {"p50": 2.5}}
    root = drawn(data)
    bars = root.findall(".//g[@class='bins']/rect")
    assert [bar.attrib["height"] for bar in bars] == ["48.00", "96.00"]
    assert [text.text for text in root.iter("text")] == ["p50 2.5 ms", "0 ms", "3 ms"]


def test_the_area_of_a_bar_is_its_count() -> None:
    root = drawn({"edges": [0, 1, 3], "counts": [5, 10], "marks": {}})
    assert [bar.attrib["height"] for bar in root.iter("rect")] == ["96.00", "96.00"]


def test_empty_bins_at_the_ends_are_left_out() -> None:
    root = drawn({"unit": "s", "edges": [0, 1, 2, 3, 4], "counts": [0, 3, 0, 0]})
    assert [text.text for text in root.iter("text")] == ["1 s", "2 s"]


def test_labels_that_would_touch_stand_in_lines_of_their_own() -> None:
    marks = {"p50": 5, "p95": 5.5, "p99": 9}
    root = drawn({"edges": [0, 10], "counts": [1], "marks": marks})
    heights = [text.attrib["y"] for text in root.findall(".//g[@class='mark']/text")]
    assert heights == ["13", "30", "13"]
