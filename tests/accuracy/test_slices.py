"""What the report says of slices."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from harness import Finding, Measurement, Severity
from harness.accuracy.comparison import Comparison
from harness.accuracy.counting import Table
from harness.accuracy.slices import slice_losses

_EVEN = {str(k): Table(1000, 980, 5, 5, 5) for k in range(10)}


def _comparison(
    classes: Mapping[str, Table],
    slices: Mapping[str, Mapping[str, Table]] | None = None,
    clusters: Any = None,
) -> Comparison:
    counts = SimpleNamespace(
        by_class=lambda: dict(classes),
        by_slice=lambda: slices or {},
        clusters=SimpleNamespace(sums=np.array(clusters)),
    )
    scheme = SimpleNamespace(clusters=None if clusters is None else "user")
    found = SimpleNamespace(counts=counts, scheme=scheme, certainty=0.95, ended_early=False)
    return cast(Comparison, found)


def _finding(found: list[Any], rule: str) -> Finding:
    return next(item for item in found if isinstance(item, Finding) and item.rule == rule)


def test_the_worst_slice_is_measured_and_named() -> None:
    classes = {**_EVEN, "7": Table(1000, 600, 300, 5, 2)}
    found = slice_losses(_comparison(classes), 5.0)
    assert isinstance(found[0], Measurement)
    assert (found[0].name, found[0].value, found[0].n) == ("worst_slice_drop", 29.5, 1000)
    assert found[0].about == "class 7"
    worst = _finding(found, "worst-slice")
    assert worst.message == "class 7: 90.00 % -> 60.50 % right on 1000 rows"
    alarm = _finding(found, "slices-lost")
    assert alarm.message == (
        "lost more than 5 pp, corrected for 10 slices (Holm): class 7 (29.5 pp, 1000 rows)"
    )


def test_small_slices_are_listed_with_the_rows_that_they_would_need() -> None:
    classes = {**_EVEN, "rare": Table(20, 20, 0, 0, 0), "odd": Table(9, 9, 0, 0, 0)}
    small = _finding(slice_losses(_comparison(classes), 5.0), "small-slices")
    assert small.severity is Severity.INFO
    assert "class odd (9 rows), class rare (20 rows)" in small.message
    assert "one by one, which takes 153 rows each" in small.message


def test_it_is_a_warning_where_all_slices_are_small() -> None:
    classes = {str(k): Table(40, 38, 0, 0, 0) for k in range(10)}
    small = _finding(slice_losses(_comparison(classes), 5.0), "small-slices")
    assert small.severity is Severity.WARNING


def test_undecided_slices_are_listed_as_such() -> None:
    groups = {"a": Table(5000, 4900, 5, 5, 0), "b": Table(1000, 900, 55, 10, 5)}
    found = slice_losses(_comparison(_EVEN, {"group": groups}), 5.0)
    assert _finding(found, "undecided-slices").message == (
        "neither certified nor refuted: group b (1000 rows)"
    )


def test_clusters_make_slices_smaller() -> None:
    """Flips come in tens, so that a row counts as a tenth: a thousand are not enough any more."""
    sums = [(10, 10, 0, 0)] * 50 + [(10, 0, 10, 0)] * 50 + [(10, 0, 0, 10)] * 900
    found = slice_losses(_comparison(_EVEN, clusters=sums), 5.0)
    assert "class 9 (1000 rows)" in _finding(found, "small-slices").message
    alone = slice_losses(_comparison(_EVEN), 5.0)
    assert not [f for f in alone if isinstance(f, Finding) and f.rule == "small-slices"]


def test_a_comparison_without_slices_is_no_answer() -> None:
    with pytest.raises(ValueError, match="neither classes nor slices"):
        slice_losses(_comparison({}), 5.0)


def test_a_single_cluster_certifies_no_slice() -> None:
    drop = slice_losses(_comparison(_EVEN, clusters=[(10_000, 0, 0, 10_000)]), 5.0)[0]
    assert isinstance(drop, Measurement)
    assert drop.high is not None and drop.high > 50
