"""`@check`: a declaration that cannot be right is refused where it stands."""

from __future__ import annotations

import pytest

from harness import Measurement, check
from harness.declare import spec_of


def test_the_title_is_the_first_line_of_the_docstring() -> None:
    @check()
    def check_x() -> None:
        """Answers are right.

        And more.
        """

    spec = spec_of(check_x)
    assert spec is not None and spec.title == "Answers are right."


def test_a_declared_check_is_still_a_plain_callable() -> None:
    @check(limits={"x": "<= 3"})
    def check_x(number: float) -> list[Measurement]:
        """Small."""
        return [Measurement("x", number)]

    assert check_x(2.0) == [Measurement("x", 2.0)]


def test_a_function_without_the_decorator_is_no_check() -> None:
    assert spec_of(len) is None


def test_a_check_without_a_docstring_is_refused() -> None:
    with pytest.raises(ValueError, match="check_x has no docstring"):

        @check()
        def check_x() -> None: ...


def test_a_limit_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="check_x: '< fast'|check_x: 'fast'"):

        @check(limits={"x": "< fast"})
        def check_x() -> None:
            """T."""


@pytest.mark.parametrize("name", ["P99", "a-b", "", "9x"])
def test_a_measurement_name_that_no_consumer_could_address_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="lower_case"):

        @check(measures=(name,))
        def check_x() -> None:
            """T."""


def test_a_version_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number from 1"):

        @check(version=0)
        def check_x() -> None:
            """T."""
