"""Evidence is drawn as it is, or shown as text with the reason why not."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Evidence
from harness.report import charts


def drawn(kind: str, data: dict[str, Any]) -> ElementTree.Element:
    """The drawing, parsed."""
    picture = charts.draw(Evidence(kind, "Title", data))
    return ElementTree.fromstring(f"<div>{picture}</div>")


def test_a_histogram_has_a_bar_for_each_bin_that_holds_something() -> None:
    data = {"unit": "ms", "edges": [0, 1, 2, 3], "counts": [4, 0, 8], "marks": {"p50": 2.5}}
    root = drawn("histogram", data)
    bars = root.findall(".//g[@class='bins']/rect")
    assert [bar.attrib["height"] for bar in bars] == ["48.00", "96.00"]
    assert [text.text for text in root.iter("text")] == ["p50 2.5 ms", "0 ms", "3 ms"]


def test_the_area_of_a_bar_is_its_count() -> None:
    root = drawn("histogram", {"edges": [0, 1, 3], "counts": [5, 10], "marks": {}})
    assert [bar.attrib["height"] for bar in root.iter("rect")] == ["96.00", "96.00"]


def test_empty_bins_at_the_ends_are_left_out() -> None:
    root = drawn("histogram", {"unit": "s", "edges": [0, 1, 2, 3, 4], "counts": [0, 3, 0, 0]})
    assert [text.text for text in root.iter("text")] == ["1 s", "2 s"]


def test_labels_that_would_touch_stand_in_lines_of_their_own() -> None:
    marks = {"p50": 5, "p95": 5.5, "p99": 9}
    root = drawn("histogram", {"edges": [0, 10], "counts": [1], "marks": marks})
    heights = [text.attrib["y"] for text in root.findall(".//g[@class='mark']/text")]
    assert heights == ["13", "30", "13"]


def test_values_from_zero_are_bars() -> None:
    data = {"unit": "%", "labels": ["a", "b"], "series": {"one": [10, 100], "two": [50, None]}}
    root = drawn("bars", data)
    assert len(list(root.iter("rect"))) == 3
    assert [cell.text for cell in root.findall(".//td[last()]")] == [
        "10 \u2192 50 %",
        "100 \u2192 - %",
    ]


def test_values_far_from_zero_are_dots_on_a_scale_that_is_told() -> None:
    data = {"unit": "%", "labels": ["a"], "series": {"reference": [98.0], "candidate": [90.0]}}
    root = drawn("bars", data)
    assert len(list(root.iter("circle"))) == 2
    assert [text.text for text in root.iter("text")] == ["89.2 %", "98.8 %"]


def test_two_series_have_a_legend() -> None:
    root = drawn("bars", {"labels": ["a"], "series": {"x": [1], "y": [2]}})
    assert [swatch.tail for swatch in root.iter("i")] == ["x", "y"]


def test_a_line_breaks_where_nothing_was_measured() -> None:
    data = {"unit": "MiB", "x_unit": "s", "x": [0, 1, 2, 3], "series": {"m": [1, 2, None, 4]}}
    (path,) = drawn("series", data).iter("path")
    assert path.attrib["d"].count("M") == 2


def test_a_long_series_is_thinned() -> None:
    xs = list(range(5_000))
    (path,) = drawn("series", {"x": xs, "series": {"m": xs}}).iter("path")
    assert path.attrib["d"].count("L") == 999


def test_text_is_shown_as_text() -> None:
    (shown,) = drawn("text", {"text": "a < b\n\tc"}).iter("pre")
    assert shown.text == "a < b\n\tc"


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("pie", {"a": 1}, "no picture for evidence of kind 'pie'"),
        ("text", {}, "expected a text"),
        ("text", {"text": 5}, "expected a text"),
        ("histogram", {}, "edges: expected a list of numbers"),
        ("histogram", {"edges": [0, 1], "counts": []}, "expected n counts"),
        ("histogram", {"edges": [0, 1, 2], "counts": [1]}, "expected n counts"),
        ("histogram", {"edges": [0, 1], "counts": [-1]}, "expected n counts"),
        ("histogram", {"edges": [1, 1], "counts": [1]}, "expected edges that rise"),
        ("histogram", {"edges": [0, True], "counts": [1]}, "edges: expected a list of numbers"),
        ("histogram", {"edges": [0, 1], "counts": [1], "marks": [1]}, "marks: expected numbers"),
        ("histogram", {"edges": [0, 10**400], "counts": [1]}, "edges: expected"),
        ("bars", {"labels": [], "series": {}}, "labels: expected"),
        ("bars", {"labels": ["a"], "series": {}}, "series: expected one to 6"),
        ("bars", {"labels": ["a"], "series": {"x": [1, 2]}}, "series.x: expected 1 numbers"),
        ("bars", {"labels": ["a"], "series": {"x": ["1"]}}, "series.x: expected numbers"),
        ("bars", {"labels": ["a"], "series": {"x": [None]}}, "series: holds no number"),
        ("series", {"x": [0], "series": {"m": [1]}}, "at least two x that rise"),
        ("series", {"x": [1, 0], "series": {"m": [1, 1]}}, "at least two x that rise"),
    ],
)
def test_what_has_no_shape_is_shown_with_the_reason(
    kind: str, data: dict[str, Any], reason: str
) -> None:
    root = drawn(kind, data)
    note = root.find("p")
    assert note is not None
    assert reason in (note.text or "")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=10,
)
keys = st.sampled_from(["edges", "counts", "marks", "labels", "series", "x", "unit", "text"])


@given(
    kind=st.sampled_from(["histogram", "bars", "series", "text"]),
    data=st.dictionaries(keys, json_values),
)
def test_no_evidence_breaks_the_page(kind: str, data: dict[str, Any]) -> None:
    charts.draw(Evidence(kind, "t", data))


number_lists = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=6)


@given(kind=st.sampled_from(["histogram", "bars", "series"]), values=number_lists)
def test_any_numbers_can_be_drawn(kind: str, values: list[float]) -> None:
    rising = sorted(set(values))
    data = {
        "edges": rising,
        "counts": [abs(value) for value in rising[1:]],
        "labels": [str(value) for value in values],
        "x": sorted(values),
        "series": {"a": values},
    }
    charts.draw(Evidence(kind, "t", data))
