"""TOML that reads back as what was written."""

from __future__ import annotations

import tomllib

from harness.init.toml import dumps


def test_a_document_reads_back_as_it_was() -> None:
    document = {
        "version": 1,
        "candidate": {"name": "a b", "environment": {"A.B": '"\\\u007f\n'}, "ready": {"path": "/"}},
        "contract": {"inputs": [{"name": "x", "shape": ["batch", 3], "range": [0.0, 1e-7]}]},
        "flags": [True, False],
    }
    assert tomllib.loads(dumps(document)) == document


def test_none_is_left_out() -> None:
    assert dumps({"a": None, "b": {"c": None}}) == "[b]\n"
