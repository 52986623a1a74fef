"""Units: parsed once, refused with what was expected."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import units


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("30 s", 30, "s"),
        ("512MiB", 512, "MiB"),
        ("0.1 %", 0.1, "%"),
        ("7", 7, ""),
        ("-1e3 ms", -1e3, "ms"),
    ],
)
def test_a_quantity_is_a_number_and_its_unit(text: str, value: float, unit: str) -> None:
    assert units.parse_quantity(text) == (value, unit)


@pytest.mark.parametrize("text", ["", "fast", "10 parsecs", "ten s", "1 2 s", "nan s", "1e999 s"])
def test_what_is_no_finite_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        units.parse_quantity(text)


def test_another_dimension_is_refused_with_an_example_of_the_right_one() -> None:
    with pytest.raises(ValueError, match="'5 MiB' is a size, expected a time like '30 s'"):
        units.parse_quantity("5 MiB", "time")


def test_units_convert_to_the_base_of_their_dimension() -> None:
    assert units.to_base(1.5, "ms") == pytest.approx(0.0015)


def test_a_quantity_is_read_in_the_base_of_its_dimension() -> None:
    assert units.in_base("1.5 min", "time") == 90.0


def test_percent_and_percentage_points_are_different_dimensions() -> None:
    assert units.dimension("%") != units.dimension("pp")


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(units.units()))
def test_every_number_with_a_unit_reads_back(value: float, unit: str) -> None:
    read, read_unit = units.parse_quantity(f"{value!r} {unit}")
    assert (read, read_unit) == (value, unit) and math.isfinite(read)
