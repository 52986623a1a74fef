"""What is asked is read as it was meant, or not at all."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from harness.server.asking import parameters
from harness.server.errors import ApiError


def request(query: bytes) -> Request:
    """A request with this query."""
    return Request({"type": "http", "query_string": query, "headers": []})


def test_known_parameters_are_read_once_each() -> None:
    found = parameters(request(b"policy=prd&wait=30s"), "policy", "wait")
    assert found == {"policy": "prd", "wait": "30s"}
    assert parameters(request(b""), "policy") == {}
    assert parameters(request(b"policy="), "policy") == {"policy": ""}


@pytest.mark.parametrize("query", [b"polcy=prd", b"Policy=prd", b"policy=a&policy=b", b"=prd"])
def test_a_stranger_or_a_twin_is_a_bad_request(query: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        parameters(request(query), "policy", "wait")
    assert refused.value.status == 400
