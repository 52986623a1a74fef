"""A measurement is drawn against its limit, in its own unit."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from harness.model import JudgedMeasurement, Outcome
from harness.report import bar


def drawn(row: JudgedMeasurement) -> dict[str, dict[str, str]]:
    """Attributes by class of the parts of the bar."""
    root = ElementTree.fromstring(str(bar.draw(row)))
    return {"": root.attrib} | {child.attrib["class"]: child.attrib for child in root}


def test_the_value_the_limit_and_the_interval_are_where_they_belong() -> None:
    row = JudgedMeasurement("p99", 312.0, "ms", 290.0, 340.0, 9, "<= 0.15 s", Outcome.FAILED)
    parts = drawn(row)
    # From 0 to 340 ms and a tenth of air.
    place = [float(parts[part][at].rstrip("%")) for part, at in (("bound", "x1"), ("dot", "cx"))]
    assert place == pytest.approx([100 * 150 / 340 / 1.1, 100 * 312 / 340 / 1.1], abs=0.01)
    assert float(parts["band"]["x"].rstrip("%")) == pytest.approx(100 * 290 / 340 / 1.1, abs=0.01)
    assert parts["allowed"]["x"] == "0.00%"


def test_the_bar_is_read_aloud() -> None:
    row = JudgedMeasurement("p99", 312.0, "ms", 290.0, 340.0, 9, "<= 250 ms", Outcome.FAILED)
    expected = "p99 312 ms, limit <= 250 ms, interval 290 to 340 ms: failed"
    assert drawn(row)[""]["aria-label"] == expected


def test_a_lower_limit_allows_the_right_side() -> None:
    row = JudgedMeasurement("x", 5.0, "", limit=">= 4", outcome=Outcome.PASSED)
    parts = drawn(row)
    assert parts["allowed"]["x"] == parts["bound"]["x1"]


def test_equality_allows_no_side() -> None:
    row = JudgedMeasurement("x", 0.0, "", limit="== 0", outcome=Outcome.PASSED)
    assert "allowed" not in drawn(row)


def test_an_open_interval_reaches_the_edge() -> None:
    row = JudgedMeasurement("x", 5.0, "", 4.0, None, None, "<= 6", Outcome.INCONCLUSIVE)
    band = drawn(row)["band"]
    right = float(band["x"].rstrip("%")) + float(band["width"].rstrip("%"))
    assert right == pytest.approx(100, abs=0.02)


@pytest.mark.parametrize(
    "row",
    [
        JudgedMeasurement("x", None, "ms", limit="<= 1 ms", outcome=Outcome.ERRORED),
        JudgedMeasurement("x", 1.0, "ms"),
        JudgedMeasurement("x", 1.0, "MiB", limit="<= 1 ms", outcome=Outcome.ERRORED),
        JudgedMeasurement("x", 1.0, "parsec", limit="<= 1 ms", outcome=Outcome.ERRORED),
        JudgedMeasurement("x", 1.0, "ms", limit="quick", outcome=Outcome.ERRORED),
    ],
)
def test_what_cannot_be_compared_is_not_drawn(row: JudgedMeasurement) -> None:
    assert bar.draw(row) == ""
