"""An audit in numbers."""

from __future__ import annotations

from harness.accuracy.graphs.work import Audit, Step, product

AUDIT = Audit(
    (
        Step("a", "QLinearConv", 60, True),
        Step("b", "Conv", 30, False),
        Step("c", "QLinearConv", 10, True),
    ),
    meant=100,
    fallen=("Conv b",),
)


def test_the_float_share_is_of_what_was_meant_to_be_int8() -> None:
    assert round(AUDIT.float_share, 9) == 30


def test_more_int8_than_was_meant_is_no_negative_share() -> None:
    assert Audit(AUDIT.steps, 50, ()).float_share == 0


def test_operators_are_counted_with_their_part_of_the_work() -> None:
    assert AUDIT.by_operator() == {"Conv": (1, 30.0), "QLinearConv": (2, 70.0)}


def test_an_audit_comes_back_from_json() -> None:
    assert Audit.of(AUDIT.fields()) == AUDIT


def test_products_do_not_overflow() -> None:
    assert product([1 << 40, 1 << 40]) == 1 << 80
