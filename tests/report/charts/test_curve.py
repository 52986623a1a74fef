"""Lines over a quantity that was set, with bands behind them and bounds across."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.report.charts import curve

DATA: dict[str, Any] = {
    "x_unit": "/s",
    "y_unit": "ms",
    "x_name": "rate",
    "y_name": "response time",
    "series": {"p99": {"x": [100, 200, 400], "y": [5, None, 500]}},
    "bands": [{"from": 300, "to": 350, "name": "capacity"}],
    "lines": [{"y": 100, "name": "limit"}, {"x": 150, "name": "declared"}],
}


def drawn(data: dict[str, Any]) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(f"<div>{curve.draw('Title', data)}</div>")


def test_each_point_that_was_measured_has_its_dot() -> None:
    assert len(list(drawn(DATA).iter("circle"))) == 2


def test_a_line_that_spans_decades_is_drawn_by_its_logarithm() -> None:
    (limit,) = (
        group.find("line")
        for group in drawn(DATA).iter("g")
        if "".join(group.itertext()) == "limit"
    )
    dots = sorted(float(dot.attrib["cy"]) for dot in drawn(DATA).iter("circle"))
    assert limit is not None
    share = (dots[1] - float(limit.attrib["y1"])) / (dots[1] - dots[0])
    assert 0.6 < share < 0.7  # log(20) / log(100)


def test_a_band_lies_where_it_says() -> None:
    (band,) = (
        group.find("rect") for group in drawn(DATA).iter("g") if group.get("class") == "band"
    )
    dots = [float(dot.attrib["cx"].rstrip("%")) for dot in drawn(DATA).iter("circle")]
    assert band is not None and dots[0] < float(band.attrib["x"].rstrip("%")) < dots[1]


def test_names_of_bands_and_bounds_are_written() -> None:
    written = "".join(drawn(DATA).itertext())
    assert all(name in written for name in ("capacity", "limit", "declared", "rate", "ms"))
