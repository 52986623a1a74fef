"""What forms share: rows out of columns, and what is wrong with a value of another kind."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.forms import FORMS, Form
from harness.contract.forms.base import no_list, no_member, row_by_row


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        ({"a": [1, 2], "b": [3, 4]}, [{"a": 1, "b": 3}, {"a": 2, "b": 4}]),
        ({"a": [1, 2], "b": [3]}, None),
        ({"a": [1], "b": 3}, None),
        ({}, None),
        ({"a": []}, []),
    ],
)
def test_columns_of_one_length_are_rows(tensors: dict[str, Any], expected: Any) -> None:
    assert row_by_row(tensors) == expected


def test_a_missing_member_names_those_that_are_there() -> None:
    (found,) = no_member({"a": 1, "b": 2}, "c", "$.x")
    assert (found.path, found.expected, found.received) == ("$.x.c", "c", "'a', 'b'")


@pytest.mark.parametrize(
    ("value", "filled", "received"),
    [({"a": 1}, False, "int"), ({"a": []}, True, "an empty list"), ([], False, "list")],
)
def test_what_is_no_list_is_told_with_what_it_is(value: Any, filled: bool, received: str) -> None:
    assert [found.received for found in no_list(value, "a", filled)] == [received]


def test_every_module_with_a_form_is_found_by_its_name() -> None:
    assert sorted(FORMS) == ["array", "dataframe", "object", "rows", "seldon", "tensors"]
    assert all(issubclass(form, Form) for form in FORMS.values())
