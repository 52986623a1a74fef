"""`did you mean`."""

from __future__ import annotations

from harness.suggest import did_you_mean


def test_a_near_name_is_suggested() -> None:
    assert did_you_mean("lode", ["load", "policy"]) == "; did you mean 'load'?"


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    assert did_you_mean("xyz", ["load", "policy"]) == ""
