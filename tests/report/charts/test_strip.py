"""A bar for each request, in the colour of what became of it."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.report.charts import strip

DATA: dict[str, Any] = {
    "x_unit": "s",
    "marks": [{"x": 1.0, "name": "SIGTERM"}],
    "kinds": {"answered": "good", "refused": "neutral", "lost": "bad"},
    "items": [
        {"start": 0.0, "end": 0.5, "kind": "answered"},
        {"start": 0.2, "end": 1.2, "kind": "lost"},
        {"start": 0.9, "end": 1.0, "kind": "answered"},
    ],
}


def drawn(data: dict[str, Any]) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(f"<div>{strip.draw('Title', data)}</div>")


def test_requests_at_the_same_time_lie_beneath_one_another() -> None:
    bars = list(drawn(DATA).iter("rect"))
    rows = [float(bar.attrib["y"]) for bar in bars]
    assert sorted(rows.count(y) for y in set(rows)) == [1, 2]


def test_the_legend_counts_each_kind_that_occurred() -> None:
    legend = drawn(DATA).find("p")
    assert legend is not None
    assert ["".join(span.itertext()) for span in legend] == ["2 answered", "1 lost"]


def test_what_was_lost_is_never_left_out_of_a_full_picture() -> None:
    good = [{"start": n / 100, "end": n / 100 + 0.1, "kind": "answered"} for n in range(5_000)]
    lost = [{"start": n, "end": n + 0.1, "kind": "lost"} for n in range(40)]
    bars = list(drawn({**DATA, "items": good + lost}).iter("rect"))
    assert sum(bar.attrib["class"] == "bad" for bar in bars) == 40 and len(bars) < 700


def test_moments_that_are_close_have_their_names_above_one_another() -> None:
    close = [{"x": 1.0, "name": "socket closed"}, {"x": 1.1, "name": "ended"}]
    picture = drawn({**DATA, "marks": close})
    names = {text.text: text.attrib["y"] for text in picture.iter("text")}
    assert names["socket closed"] != names["ended"]
