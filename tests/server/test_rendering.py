"""JSON for the wire is finite, and has a validator."""

from __future__ import annotations

import pytest

from harness.server.rendering import etag_of, to_json


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_no_number_leaves_that_is_not_finite(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"metrics": {"a": number}})


def test_text_is_utf8_whatever_it_holds() -> None:
    assert to_json({"a": "é\ud800"}) == b'{"a":"\xc3\xa9?"}'


def test_a_validator_is_of_the_bytes() -> None:
    assert etag_of(b"a") == etag_of(b"a") != etag_of(b"b")
