"""Rows without a usable answer."""

from __future__ import annotations

from harness.accuracy.counting import Odd


def test_the_first_row_and_its_cause_stay() -> None:
    first, second = Odd(2, 7), Odd(1, 3, 4, 9, "status 500")
    assert first + second == Odd(3, 7, 4, 9, "status 500")
    assert second + Odd(0, None, 1, 11, "later") == Odd(1, 3, 5, 9, "status 500")


def test_it_survives_json() -> None:
    odd = Odd(1, 3, 4, 9, "status 500")
    assert Odd.of(odd.fields()) == odd
