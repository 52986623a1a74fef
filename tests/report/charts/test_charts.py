"""Evidence of every kind is drawn, or shown as text with the reason why not."""

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
        ("matrix", {"rows": ["a"], "columns": ["b"], "cells": []}, "cells: expected 1 lists"),
        ("matrix", {"rows": ["a"], "columns": ["b"], "cells": [[1, 2]]}, "cells[0]: expected 1"),
        ("matrix", {"rows": ["a"], "columns": ["b"], "cells": [[-1]]}, "expected numbers from"),
        ("matrix", {"rows": ["a"], "columns": ["b"], "cells": [[None]]}, "cells: holds no number"),
        ("scatter", {"points": []}, "points: expected one to 40"),
        ("scatter", {"points": [{"x": 1}]}, "points[0]: expected numbers x and y"),
        ("scatter", {"points": [{"x": 1, "y": 2, "low": "a"}]}, "expected numbers low and high"),
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
keys = st.sampled_from(
    ["edges", "counts", "marks", "labels", "series", "x", "unit", "text", "points"]
)
keys |= st.sampled_from(["rows", "columns", "cells"])


@given(
    kind=st.sampled_from(["histogram", "bars", "series", "text", "matrix", "scatter"]),
    data=st.dictionaries(keys, json_values),
)
def test_no_evidence_breaks_the_page(kind: str, data: dict[str, Any]) -> None:
    charts.draw(Evidence(kind, "t", data))


number_lists = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=6)


@given(
    kind=st.sampled_from(["histogram", "bars", "series", "matrix", "scatter"]), values=number_lists
)
def test_any_numbers_can_be_drawn(kind: str, values: list[float]) -> None:
    rising = sorted(set(values))
    data = {
        "edges": rising,
        "counts": [abs(value) for value in rising[1:]],
        "labels": [str(value) for value in values],
        "x": sorted(values),
        "series": {"a": values},
        "rows": ["r"],
        "columns": [str(value) for value in values],
        "cells": [[abs(value) for value in values]],
        "points": [{"name": "p", "x": value, "y": -value, "low": value} for value in values],
    }
    charts.draw(Evidence(kind, "t", data))
