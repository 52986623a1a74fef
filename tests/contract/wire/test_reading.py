"""Bodies are read once while they are kept, and never what would fill the memory."""

from __future__ import annotations

from harness import Severity
from harness.contract.wire.reading import _Lately, read


def test_equal_bodies_share_their_value() -> None:
    lately = _Lately()
    assert lately.read(b'{"a": [1]}') is lately.read(bytes(bytearray(b'{"a": [1]}')))


def test_the_oldest_are_let_go_where_the_memory_is_full() -> None:
    lately = _Lately()
    bodies = [b"[%d" % n + b",0.5" * 300_000 + b"]" for n in range(4)]
    first = lately.read(bodies[0])
    for body in bodies[1:]:
        lately.read(body)
    assert lately._held <= 32 * 1024 * 1024
    assert lately.read(bodies[0]) is not first
    assert lately.read(bodies[0]).value == first.value


def test_a_body_whose_values_would_fill_the_memory_is_not_read() -> None:
    parsed = read(b"[" + b"{}," * 400_000 + b"{}]")
    assert not parsed.readable
    assert [(p.rule, p.severity) for p in parsed.problems] == [("json-size", Severity.DOUBT)]
