"""Limits: kept verbatim, compared after conversion, judged on the interval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.limits import Limit
from harness.model import Measurement, Outcome

FINITE = st.floats(min_value=-1e9, max_value=1e9)


def test_the_text_is_kept_verbatim() -> None:
    assert Limit.parse("<=  100 ms").text == "<=  100 ms"


@pytest.mark.parametrize(
    "text", ["100 ms", "<= fast", "=< 3", "<= 1 parsec", "<=", "<= nan", "!= 3"]
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Limit.parse(text)


@pytest.mark.parametrize(
    ("limit", "value", "unit", "holds"),
    [
        ("<= 100 ms", 0.1, "s", True),
        ("<= 100 ms", 0.1001, "s", False),
        ("< 1 GiB", 1024.0, "MiB", False),
        (">= 99 %", 99.0, "%", True),
        ("== 0", 0.0, "", True),
        ("> 10 /min", 1.0, "/s", True),
    ],
)
def test_values_are_converted_before_they_are_compared(
    limit: str, value: float, unit: str, holds: bool
) -> None:
    assert Limit.parse(limit).holds(value, unit) is holds


@pytest.mark.parametrize(
    ("one", "other", "opposed"),
    [("<= 1", ">= 2", True), ("> 1", "< 1", True), ("<= 1", "< 2", False), ("== 1", ">= 1", False)],
)
def test_limits_oppose_each_other_where_they_bound_from_two_sides(
    one: str, other: str, opposed: bool
) -> None:
    assert Limit.parse(one).opposes(Limit.parse(other)) is opposed


def test_another_dimension_is_refused_not_compared() -> None:
    with pytest.raises(ValueError, match="is a time, but the measurement is a size"):
        Limit.parse("<= 100 ms").holds(1.0, "MiB")


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (90.0, 99.0, Outcome.PASSED),
        (101.0, 120.0, Outcome.FAILED),
        (90.0, 101.0, Outcome.INCONCLUSIVE),
        (None, 101.0, Outcome.INCONCLUSIVE),
        (90.0, None, Outcome.PASSED),
    ],
)
def test_a_measurement_is_judged_on_its_interval(
    low: float | None, high: float | None, outcome: Outcome
) -> None:
    value = 95.0 if (low or 0) < 100 else 110.0
    measured = Measurement("p99", value, "ms", low=low, high=high)
    assert Limit.parse("<= 100 ms").judge(measured) is outcome


@given(FINITE, FINITE, FINITE, st.sampled_from(["<=", "<", ">=", ">"]))
def test_widening_an_interval_never_turns_passed_into_failed(
    bound: float, value: float, width: float, operator: str
) -> None:
    limit = Limit.parse(f"{operator} {bound!r}")
    narrow = limit.judge(Measurement("x", value, low=value, high=value))
    wide = limit.judge(Measurement("x", value, low=value - abs(width), high=value + abs(width)))
    assert wide in (narrow, Outcome.INCONCLUSIVE)
