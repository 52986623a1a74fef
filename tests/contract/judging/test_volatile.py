"""Paths that name what may differ, and values without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract
from harness.contract.judging.volatile import hides, read_path, read_paths, without
from harness.errors import ConfigError


@pytest.mark.parametrize(
    ("paths", "left"),
    [
        (["$.id"], {"p": [{"v": 1, "ms": 2}, {"v": 3, "ms": 4}], "a b": 5}),
        (["$.p[*].ms"], {"id": 0, "p": [{"v": 1}, {"v": 3}], "a b": 5}),
        (["$.p[1]"], {"id": 0, "p": [{"v": 1, "ms": 2}], "a b": 5}),
        (['$["a b"]', "$.p"], {"id": 0}),
        (["$.*"], {}),
        (["$.q.r", "$.id[0]"], {"id": 0, "p": [{"v": 1, "ms": 2}, {"v": 3, "ms": 4}], "a b": 5}),
        ([], {"id": 0, "p": [{"v": 1, "ms": 2}, {"v": 3, "ms": 4}], "a b": 5}),
    ],
)
def test_what_a_path_names_is_left_out(paths: list[str], left: Any) -> None:
    value = {"id": 0, "p": [{"v": 1, "ms": 2}, {"v": 3, "ms": 4}], "a b": 5}
    before = repr(value)
    assert without(value, read_paths(paths)) == left
    assert repr(value) == before


@pytest.mark.parametrize(
    "text", ["", "$", "id", "$id", "$.", "$..a", "$[a]", "$[1", "$['a']", "$.a b"]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"contract\.volatile: .* is no JSON path"):
        read_path(text)


def test_a_path_that_is_none_is_refused_before_anything_starts(
    make_gate: Callable[..., Gate],
) -> None:
    gate = make_gate(
        'path = "/p"\nexamples = "e.jsonl"\nvolatile = ["id"]', e_jsonl='{"request": 1}'
    )
    with pytest.raises(ConfigError, match="'id' is no JSON path"):
        Contract.load(gate)


@pytest.mark.parametrize("path", ["$.*", "$.rows", "$.rows[*].*", "$.rows[*][*]"])
def test_paths_that_leave_nothing_hide_an_answer(path: str) -> None:
    assert hides({"rows": [{"label": "cat"}]}, read_paths([path]))


@pytest.mark.parametrize("path", ["$.id", "$.rows[*].id"])
def test_paths_that_leave_something_do_not(path: str) -> None:
    assert not hides({"rows": [{"label": "cat", "id": 1}]}, read_paths([path]))
