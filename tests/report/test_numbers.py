"""Numbers are shown as a person reads them."""

from __future__ import annotations

import datetime as dt

import pytest

from harness.model import JudgedMeasurement
from harness.report import numbers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (0.05, "0.05"),
        (12.3456, "12.35"),
        (999.96, "1000"),
        (1234.5, "1,234"),
        (123456.0, "123,456"),
        (0.00001234, "1.234e-05"),
        (3e15, "3.000e+15"),
        (-4.2, "-4.2"),
    ],
)
def test_a_number_has_the_digits_that_matter(value: float, expected: str) -> None:
    assert numbers.number(value) == expected


def test_a_quantity_has_its_unit() -> None:
    assert numbers.quantity(312.0, "ms") == "312 ms"
    assert numbers.quantity(3.0, "") == "3"
    assert numbers.quantity(None, "ms") == "not a number ms"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.0, 2.0, "1 to 2 s"),
        (None, 2.0, "at most 2 s"),
        (1.0, None, "at least 1 s"),
        (None, None, ""),
    ],
)
def test_an_interval_may_be_open(low: float | None, high: float | None, expected: str) -> None:
    assert numbers.interval(JudgedMeasurement("x", 1.5, "s", low, high)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0 ms"),
        (0.04, "40 ms"),
        (0.9996, "1.0 s"),
        (51.34, "51.3 s"),
        (99.96, "1 min 40 s"),
        (725.0, "12 min 5 s"),
    ],
)
def test_a_duration_is_as_precise_as_it_is_short(value: float, expected: str) -> None:
    assert numbers.seconds(value) == expected


def test_a_moment_is_in_utc() -> None:
    zone = dt.timezone(dt.timedelta(hours=1))
    assert numbers.moment(dt.datetime(2026, 11, 21, 8, tzinfo=zone)) == "2026-11-21 07:00:00 UTC"


def test_a_share_is_in_percent() -> None:
    assert numbers.percent(0.95) == "95 %"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (dt.timedelta(days=14), "14 days"),
        (dt.timedelta(days=2), "2 days"),
        (dt.timedelta(hours=36), "36 h"),
        (dt.timedelta(minutes=90), "90 min"),
        (dt.timedelta(seconds=90), "90 s"),
        (dt.timedelta(seconds=1), "1 s"),
        (dt.timedelta(), "0 s"),
        (dt.timedelta(days=-3), "-3 days"),
    ],
)
def test_a_span_is_told_in_a_unit_of_which_there_are_two(value: dt.timedelta, said: str) -> None:
    assert numbers.span(value) == said
