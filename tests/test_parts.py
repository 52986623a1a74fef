"""Parts of a run: begun once, the same result or the same exception for everybody."""

from __future__ import annotations

import threading

import pytest

from harness.parts import Parts


def test_a_part_is_worked_on_once_and_its_result_is_everybodys() -> None:
    parts, done = Parts(), []
    assert [parts.get("a", lambda: done.append(1)) for _ in range(3)] == [None] * 3
    assert done == [1]


def test_what_a_part_raised_is_raised_for_everybody() -> None:
    def broken() -> int:
        raise ValueError("no")

    parts = Parts()
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            parts.get("a", broken)
    assert parts.done("a") is None


def test_a_part_that_is_under_way_is_not_waited_for_unless_asked() -> None:
    parts, go = Parts(), threading.Event()
    future = parts.begin("a", lambda: go.wait(10))
    assert parts.done("a") is None and not future.done()
    go.set()
    parts.let_end("a", "never begun")
    assert parts.done("a") is True
