"""The weight of a JSON text is an estimate of what its values take, and rather too high."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from harness.contract.wire.weight import weight


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"0.123456789," * 20_000 + b"1]",
        b"[" + b"[]," * 20_000 + b"[]]",
        b"[" + b"{}," * 20_000 + b"{}]",
        b'[{"a":1}' + b',{"a":1}' * 20_000 + b"]",
        b'["x"' + b',"xyz"' * 20_000 + b"]",
        b"[" + b"123456789," * 20_000 + b"1]",
    ],
)
def test_the_estimate_is_not_below_what_python_takes(body: bytes) -> None:
    tracemalloc.start()
    value = json.loads(body)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert value and taken <= weight(body) * 1.1


def test_a_matrix_of_numbers_is_not_overrated() -> None:
    body = json.dumps([[0.123456789] * 10] * 1000).encode()
    assert weight(body) < 5 * len(body)
