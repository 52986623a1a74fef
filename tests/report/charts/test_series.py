"""Lines that break where nothing was measured."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.report.charts import series


def drawn(data: dict[str, Any]) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(f"<div>{series.draw('Title', data)}</div>")


def test_a_line_breaks_where_nothing_was_measured() -> None:
    data = {"unit": "MiB", "x_unit": "s", "x": [0, 1, 2, 3], "series": {"m": [1, 2, None, 4]}}
    (path,) = drawn(data).iter("path")
    assert path.attrib["d"].count("M") == 2


def test_a_long_series_is_thinned() -> None:
    xs = list(range(5_000))
    (path,) = drawn({"x": xs, "series": {"m": xs}}).iter("path")
    assert path.attrib["d"].count("L") == 999
