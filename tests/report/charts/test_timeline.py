"""Panels share one time axis."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.report.charts import timeline

DATA: dict[str, Any] = {
    "x_unit": "s",
    "marks": [{"x": 5, "name": "killed"}],
    "panels": [
        {"name": "time", "unit": "ms", "x": [0, 10], "series": {"p50": [1, 1], "p99": [2, 9]}},
        {"name": "memory", "unit": "MiB", "x": [5, 10], "series": {"memory": [3, 4]}},
    ],
}


def drawn(data: dict[str, Any]) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(f"<div>{timeline.draw('Title', data)}</div>")


def test_a_panel_that_begins_later_is_drawn_later() -> None:
    starts = [path.attrib["d"].split(" ")[0] for path in drawn(DATA).iter("path")]
    assert starts == ["M0.0", "M0.0", "M500.0"]


def test_every_line_of_the_picture_has_a_colour_of_its_own() -> None:
    assert len({path.attrib["class"] for path in drawn(DATA).iter("path")}) == 3


def test_a_moment_crosses_all_panels() -> None:
    (mark,) = (group for group in drawn(DATA).iter("g") if group.attrib["class"] == "mark")
    axes = [
        axis for axis in drawn(DATA).iter("line") if axis.attrib.get("class", "").startswith("axis")
    ]
    floors = [float(axis.attrib["y1"]) for axis in axes]
    assert [float(line.attrib["y2"]) for line in mark.iter("line")] == floors


def test_the_line_of_a_moment_leaves_the_headings_of_the_panels_alone() -> None:
    labels = [
        float(text.attrib["y"]) for text in drawn(DATA).iter("text") if ": " in (text.text or "")
    ]
    (mark,) = (group for group in drawn(DATA).iter("g") if group.attrib["class"] == "mark")
    ends = [(float(line.attrib["y1"]), float(line.attrib["y2"])) for line in mark.iter("line")]
    assert len(labels) == 2
    assert not any(top < label < floor for label in labels for top, floor in ends)


def test_only_panels_of_several_lines_need_a_legend() -> None:
    assert "".join(drawn(DATA).find("p").itertext()) == "p50p99"  # type: ignore[union-attr]
