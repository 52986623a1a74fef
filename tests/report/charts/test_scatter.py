"""Dots with their intervals, numbers that do not touch, and a table that names them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.report.charts import scatter

TWO = [
    {"name": "big", "x": 8, "y": 90.0, "front": True},
    {"name": "small", "x": 2, "y": 80.0, "low": 79, "high": 82.5, "front": True},
]


def drawn(points: list[dict[str, Any]], **units: str) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(
        f"<div>{scatter.draw('Title', {'points': points, **units})}</div>"
    )


def test_the_table_tells_every_number_of_the_picture() -> None:
    root = drawn(TWO, x_unit="MiB", y_unit="%", x_name="size", y_name="accuracy")
    rows = [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
    assert rows == [
        ["", "name", "size", "accuracy", "front"],
        ["1", "big", "8 MiB", "90 %", "yes"],
        ["2", "small", "2 MiB", "80 % (79 to 82.5)", "yes"],
    ]


def test_an_interval_stands_behind_its_dot() -> None:
    (_, small) = drawn(TWO).findall(".//g")
    line, dot = small.find("line"), small.find("circle")
    assert line is not None and dot is not None
    assert float(line.attrib["y2"]) < float(dot.attrib["cy"]) < float(line.attrib["y1"])


def test_the_front_is_joined_and_the_others_are_not() -> None:
    beaten = {"name": "beaten", "x": 5, "y": 70.0}
    root = drawn([*TWO, beaten])
    assert len(root.findall(".//line[@class='front']")) == 1
    assert [dot.attrib["class"] for dot in root.findall(".//g")] == [
        "point best",
        "point best",
        "point",
    ]


def test_numbers_of_dots_at_one_place_do_not_touch() -> None:
    root = drawn([{"name": str(n), "x": 1, "y": 1} for n in range(4)])
    places = [
        (text.attrib["text-anchor"], text.attrib["y"])
        for text in root.findall(".//text[@class='number']")
    ]
    assert len(set(places)) == 4


def test_sizes_over_decades_have_a_logarithmic_scale() -> None:
    root = drawn([{"name": str(n), "x": x, "y": 1} for n, x in enumerate([1, 10, 100])])
    places = [float(dot.attrib["cx"].rstrip("%")) for dot in root.iter("circle")]
    assert places[1] == 50.0
