"""The worst class is found, and small classes do not cry wolf."""

from __future__ import annotations

import pytest

from harness import Limit, Measurement, Outcome
from harness.accuracy import OTHERS, Table, Worst, worst_class


def _outcome(worst: Worst, limit: str = "<= 5 pp") -> Outcome:
    drop = worst.drop
    measured = Measurement("d", drop.value, "pp", low=drop.low, high=drop.high, n=worst.table.n)
    return Limit.parse(limit).judge(measured)


def test_large_classes_are_certified_one_by_one() -> None:
    classes = {str(k): Table(1000, 900, 5, 5, 2) for k in range(10)}
    worst = worst_class(classes, 5.0, 0.95)
    assert worst.together == ()
    assert _outcome(worst) is Outcome.PASSED


def test_a_class_that_broke_is_named_and_fails() -> None:
    classes = {str(k): Table(1000, 900, 5, 5, 2) for k in range(10)}
    classes["7"] = Table(1000, 600, 300, 5, 2)
    worst = worst_class(classes, 5.0, 0.95)
    assert worst.name == "7"
    assert worst.drop.value == pytest.approx(29.5)
    assert _outcome(worst) is Outcome.FAILED


def test_small_classes_are_looked_at_together() -> None:
    """Two of thirty rows lost in one class is what chance does; ten such classes are 300 rows."""
    classes = {str(k): Table(30, 28, 0, 0, 0) for k in range(10)}
    classes["3"] = Table(30, 26, 2, 0, 0)
    worst = worst_class(classes, 5.0, 0.95)
    assert worst.name == OTHERS
    assert set(worst.together) == set(classes)
    assert worst.table.n == 300
    assert _outcome(worst) is Outcome.PASSED


def test_a_small_class_still_fails_on_evidence() -> None:
    """Twenty of thirty rows lost is not chance, however few they are."""
    classes = {str(k): Table(1000, 990, 5, 5, 0) for k in range(9)}
    classes["rare"] = Table(30, 8, 20, 0, 0)
    worst = worst_class(classes, 5.0, 0.95)
    assert worst.name == "rare"
    assert _outcome(worst) is Outcome.FAILED


def test_a_lone_small_class_is_joined_by_the_next_smallest() -> None:
    classes = {str(k): Table(1000 + k, 990, 5, 5, 0) for k in range(9)}
    classes["rare"] = Table(20, 18, 1, 0, 0)
    worst = worst_class(classes, 5.0, 0.95)
    assert set(worst.together) == {"rare", "0"}
    assert _outcome(worst) is Outcome.PASSED


def test_too_few_rows_altogether_are_inconclusive() -> None:
    """Nothing passes by being small."""
    worst = worst_class({"0": Table(10, 10, 0, 0, 0), "1": Table(9, 9, 0, 0, 0)}, 5.0, 0.95)
    assert _outcome(worst) is Outcome.INCONCLUSIVE


def test_a_margin_of_nothing_needs_rows_without_end() -> None:
    worst = worst_class({"0": Table(500, 500, 0, 0, 0)}, 0.0, 0.95)
    assert worst.needed is None
    assert _outcome(worst, "<= 0 pp") is Outcome.INCONCLUSIVE


def test_no_classes_are_no_answer() -> None:
    with pytest.raises(ValueError, match="no classes"):
        worst_class({}, 5.0, 0.95)
