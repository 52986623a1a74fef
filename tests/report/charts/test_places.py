"""Evidence over an axis is checked before it is drawn."""

from __future__ import annotations

from typing import Any

import pytest

from harness.report.charts import places

PANEL = {"x": [0, 1], "series": {"m": [1, 2]}}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "panels: expected 1 to 6 tables"),
        ({"panels": [1]}, "panels: expected tables"),
        ({"panels": [PANEL] * 7}, "panels: expected 1 to 6 tables"),
        ({"panels": [{**PANEL, "x": [1, 0]}]}, r"panels\[0\].x: expected numbers that rise"),
        ({"panels": [{**PANEL, "series": {"m": [1]}}]}, r"panels\[0\].series.m: expected 2"),
    ],
)
def test_a_panel_without_a_shape_is_refused(data: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        places.panels(data)


@pytest.mark.parametrize(
    "data", [{}, {"series": {}}, {"series": {"a": 1}}, {"series": {"a": {"x": [1], "y": [1, 2]}}}]
)
def test_a_curve_without_a_shape_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="series"):
        places.curves(data)


@pytest.mark.parametrize("tones", [None, {}, {"a": "red"}])
def test_a_kind_needs_a_tone_that_is_known(tones: object) -> None:
    with pytest.raises(ValueError, match="expected one of good, neutral, bad by kind"):
        places.kinds({"kinds": tones})


@pytest.mark.parametrize(
    "item",
    [{"start": 1, "end": 0, "kind": "a"}, {"start": 0, "end": 1, "kind": "b"}, {"kind": "a"}],
)
def test_an_item_needs_an_end_after_its_start_and_a_known_kind(item: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        places.items({"items": [item]}, {"a": "good"})


def test_a_bound_is_upright_or_level() -> None:
    found = places.bounds({"lines": [{"x": 1, "name": "a"}, {"y": 2, "name": "b"}]})
    assert [(bound.x, bound.y) for bound in found] == [(1.0, None), (None, 2.0)]


def test_items_come_in_the_order_of_their_starts() -> None:
    given = [{"start": 2, "end": 3, "kind": "a"}, {"start": 1, "end": 9, "kind": "a"}]
    found = places.items({"items": given}, {"a": "good"})
    assert [item.start for item in found] == [1.0, 2.0]
