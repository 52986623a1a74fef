"""The HdrHistogram of a load run, read back by the library that other tools use."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram

from harness.load import hdr


def decoded(seconds: list[float]) -> HdrHistogram:
    return HdrHistogram.decode(hdr.encode(np.array(seconds, dtype=np.float64)))


@pytest.mark.parametrize("level", [1.0, 50.0, 90.0, 99.0, 99.9, 100.0])
def test_its_percentiles_are_those_of_the_samples_to_three_digits(level: float) -> None:
    seconds = sorted(0.0003 * 1.0015**k for k in range(5000))  # 0.3 ms to half a second
    exact = seconds[max(1, math.ceil(level / 100 * len(seconds))) - 1] * 1e6
    found = decoded(seconds).get_value_at_percentile(level)
    assert found == pytest.approx(exact, rel=1e-3, abs=1)


def test_it_is_the_histogram_that_records_each_value_by_itself() -> None:
    seconds = [k * 37e-6 for k in range(1, 4000)] + [12.345678, 59.0]
    alone = HdrHistogram(1, hdr.HIGHEST, hdr.DIGITS)
    for value in seconds:
        alone.record_value(round(value * 1e6))
    assert hdr.encode(np.array(seconds)) == alone.encode().decode("ascii")


def test_failures_stand_at_one_hour_and_nothing_is_left_out() -> None:
    found = decoded([0.01, 1e-9, -1e-9, math.inf, 7200.0])
    assert found.get_total_count() == 5
    assert found.get_count_at_value(hdr.HIGHEST) == 2
    assert found.get_min_value() == 1


def test_two_of_them_can_be_merged() -> None:
    both = decoded([0.001, 0.002])
    both.add(decoded([0.003, math.inf]))
    assert both.get_total_count() == 4
    assert both.get_value_at_percentile(75) == pytest.approx(3000, rel=1e-3)


def test_a_run_without_requests_has_an_empty_one() -> None:
    assert decoded([]).get_total_count() == 0
