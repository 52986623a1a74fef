"""Two series compared by their medians."""

from __future__ import annotations

import math

import pytest

from harness.server.controllers.pairs import Allowed, compare

STEADY = [10.0, 10.5, 9.5, 10.2, 9.8, 10.1, 9.9, 10.3, 9.7, 10.4] * 3
BOTH = Allowed(1.25, 0.75)


def classified(experiment: list[float], allowed: Allowed = BOTH) -> str:
    """The word for an experiment beside a steady control."""
    return compare(STEADY, experiment, allowed, 0.95).classification


def test_a_change_within_what_is_allowed_passes() -> None:
    assert classified([value * 1.1 for value in STEADY]) == "Pass"
    assert classified([value * 0.9 for value in STEADY]) == "Pass"


def test_a_change_beyond_it_is_high_or_low() -> None:
    assert classified([value * 1.5 for value in STEADY]) == "High"
    assert classified([value * 0.5 for value in STEADY]) == "Low"
    assert classified([value * 0.5 for value in STEADY], Allowed(1.25, None)) == "Pass"
    assert classified([value * 1.5 for value in STEADY], Allowed(None, 0.75)) == "Pass"


def test_what_is_too_close_to_tell_is_neither() -> None:
    assert classified([value * 1.25 for value in STEADY]) == "Nodata"
    assert classified(STEADY, Allowed(1.0, 1.0)) == "Nodata", "noise is no proof of equality"


def test_seven_bad_ones_of_ten_are_seen() -> None:
    """Kayenta's own judge passes them: spinnaker/kayenta#780."""
    control = [10.0] * 10
    experiment = [1000.0] * 7 + [10.0] * 3
    assert compare(control, experiment, BOTH, 0.95).classification == "Nodata"
    assert compare(control * 4, experiment * 4, BOTH, 0.95).classification != "Pass"


@pytest.mark.parametrize(
    ("control", "experiment"),
    [([], []), ([], STEADY), (STEADY, []), (STEADY, [math.nan] * 30), (STEADY[:6], STEADY)],
)
def test_too_few_values_never_pass(control: list[float], experiment: list[float]) -> None:
    assert compare(control, experiment, BOTH, 0.95).classification == "Nodata"


def test_what_is_mostly_absent_says_nothing() -> None:
    assert classified(STEADY + [math.nan] * 31) == "Nodata"
    assert classified(STEADY + [math.nan] * 20) == "Pass"


def test_zeros_beside_zeros_pass_and_errors_beside_zeros_are_high() -> None:
    assert compare([0.0] * 20, [0.0] * 20, BOTH, 0.95).classification == "Pass"
    assert compare([0.0] * 20, [0.3] * 20, BOTH, 0.95).classification == "High"


def test_the_largest_numbers_stay_finite() -> None:
    found = compare([1e-308] * 20, [1.7e308] * 20, BOTH, 0.95)
    assert found.experiment is not None and found.experiment.value == 1.7e308


def test_a_factor_on_what_may_be_negative_says_nothing() -> None:
    assert compare([-1.0] * 20, [-5.0] * 20, BOTH, 0.95).classification == "Nodata"


def test_the_interval_is_the_exact_one_of_a_median() -> None:
    found = compare([float(n) for n in range(1, 26)], STEADY, BOTH, 0.90)
    assert found.control is not None
    assert (found.control.value, found.control.low, found.control.high) == (13.0, 8.0, 18.0)
