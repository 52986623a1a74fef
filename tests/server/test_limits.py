"""A bucket fills steadily, holds a second's worth, and is one asker's own."""

from __future__ import annotations

from harness.server.limits import Buckets


def test_a_seconds_worth_is_taken_at_once_and_then_one_at_a_time() -> None:
    now = [0.0]
    buckets = Buckets(2.0, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(3)] == [0.0, 0.0, 0.5]
    now[0] = 0.5
    assert [buckets.take("a") for _ in range(2)] == [0.0, 0.5]


def test_whoever_is_refused_does_not_pay_for_it() -> None:
    now = [0.0]
    buckets = Buckets(1.0, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(5)] == [0.0, 1.0, 1.0, 1.0, 1.0]
    now[0] = 1.0
    assert buckets.take("a") == 0.0


def test_one_asker_takes_nothing_from_another() -> None:
    buckets = Buckets(1.0, clock=lambda: 0.0)
    assert (buckets.take("a"), buckets.take("a"), buckets.take("b")) == (0.0, 1.0, 0.0)


def test_a_rate_below_one_a_second_lets_one_through() -> None:
    now = [0.0]
    buckets = Buckets(1 / 60, clock=lambda: now[0])
    assert buckets.take("a") == 0.0
    assert buckets.take("a") == 60.0
    now[0] = 60.0
    assert buckets.take("a") == 0.0


def test_ten_thousand_askers_are_not_kept_for_ever() -> None:
    now = [0.0]
    buckets = Buckets(1.0, clock=lambda: now[0])
    for index in range(10_000):
        buckets.take(f"old {index}")
    now[0] = 2.0
    buckets.take("new")
    assert len(buckets._left) == 1
