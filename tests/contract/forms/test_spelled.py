"""Other spellings of a JSON value: each is read as the same value, and says what is new in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.contract.forms.spelled import spellings

VALUES: list[Any] = [
    {"b": [1, 2.5, -0.0, 1e-300, 1.7976931348623157e308], "a": {"z": None, "y": True}},
    {"texts": ["caf\u00e9 \U0001f44d", 'a "quote" and \\ \n', ""]},
    [[0.1, 3], ["x"]],
    7.25,
    "text",
]


@pytest.mark.parametrize("value", VALUES)
def test_every_spelling_is_the_same_value(value: Any) -> None:
    for found in spellings(value):
        read = json.loads(found.body)
        assert (read, repr(read) == repr(value) or "order" in found.name) == (value, True)
        assert found.promised


def test_each_spelling_differs_from_the_usual_one_where_there_is_something_to_spell() -> None:
    found = {item.name: item.body for item in spellings({"b": 0.05, "a": "\u00e9\U0001f44d"})}
    assert found == {
        "JSON with members in another order": '{"a":"\u00e9\U0001f44d","b":0.05}'.encode(),
        "JSON with whitespace between tokens": (
            '\r\n {\n\t"b" :\r\n 0.05 ,\n\t"a" :\r\n "\u00e9\U0001f44d"\n}\n'.encode()
        ),
        "JSON with escaped characters": (b'{"\\u0062":0.05,"\\u0061":"\\u00e9\\ud83d\\udc4d"}'),
        "JSON with numbers with an exponent": '{"b":5e-2,"a":"\u00e9\U0001f44d"}'.encode(),
    }
    assert [item.name for item in spellings([])] == ["JSON with whitespace between tokens"]
