"""One dot a pair, and the interval of the middle against the margin."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.report.charts import pairs

DATA: dict[str, Any] = {
    "unit": "%",
    "values": [1.0, 3.0, 2.0, 4.0],
    "value": 2.5,
    "low": -1.0,
    "high": 4.0,
    "margin": 5.0,
    "names": ["baseline", "candidate"],
}


def drawn(data: dict[str, Any]) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(f"<div>{pairs.draw('Title', data)}</div>")


def test_there_is_a_dot_for_each_pair_and_one_for_the_middle() -> None:
    assert len(list(drawn(DATA).iter("circle"))) == 5


def test_the_margin_lies_right_of_the_interval_that_keeps_it() -> None:
    groups = {group.attrib["class"]: group.find("line") for group in drawn(DATA).iter("g")}
    margin, middle = groups["mark margin"], groups["middle"]
    assert margin is not None and middle is not None
    assert float(middle.attrib["x2"].rstrip("%")) < float(margin.attrib["x1"].rstrip("%"))


def test_a_stalled_pair_does_not_squeeze_the_others() -> None:
    many = {**DATA, "values": [1.0, 3.0] * 50 + [10_000.0]}
    places = [float(dot.attrib["cx"].rstrip("%")) for dot in drawn(many).iter("circle")]
    assert abs(places[1] - places[0]) > 10


def test_the_figures_are_told_in_words() -> None:
    note = drawn(DATA).find("p")
    assert note is not None
    assert note.text == (
        "candidate: 2.5 % slower than baseline in the middle of 4 pairs, "
        "between 1 % faster and 4 % slower"
    )
