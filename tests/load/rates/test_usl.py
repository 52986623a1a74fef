"""The universal scalability law, found again in points that follow it."""

from __future__ import annotations

import pytest

from harness.load.rates import usl

LADDER = [1, 2, 4, 8, 16, 32]


def test_the_law_is_found_again_in_points_that_follow_it() -> None:
    true = usl.Law(gamma=100.0, alpha=0.05, beta=0.002, fit=1.0)

    found = usl.fit(LADDER, [true.at(n) for n in LADDER])

    assert found is not None
    assert (found.gamma, found.alpha, found.beta) == pytest.approx((100.0, 0.05, 0.002), rel=1e-6)
    assert found.fit == pytest.approx(1.0)
    assert found.best == pytest.approx((0.95 / 0.002) ** 0.5)


def test_a_service_that_scales_without_end_has_no_best_concurrency() -> None:
    found = usl.fit(LADDER, [50.0 * n for n in LADDER])

    assert found is not None
    assert (found.alpha, found.beta, found.best) == (0.0, 0.0, None)


def test_a_service_that_works_on_one_request_at_a_time_is_all_contention() -> None:
    found = usl.fit(LADDER, [200.0] * 6)

    assert found is not None
    assert found.alpha == pytest.approx(1.0, abs=1e-6)
    assert found.at(64) == pytest.approx(200.0, rel=1e-6)


def test_noise_never_makes_a_coefficient_negative() -> None:
    found = usl.fit(LADDER, [100, 230, 410, 900, 1500, 3400])

    assert found is not None
    assert found.alpha >= 0 and found.beta >= 0


@pytest.mark.parametrize(
    ("n", "x"), [([1, 2, 4], [1.0, 2.0, 3.0]), ([1, 2, 4, 8], [1.0, 2.0, 0.0, 1.0])]
)
def test_too_few_points_or_none_that_came_back_give_no_law(n: list[int], x: list[float]) -> None:
    assert usl.fit(n, x) is None
