"""A draft is files: they are written whole, and over nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from harness.config.schema import Tensor
from harness.init.draft import Draft, tables, write


def test_a_draft_grows_by_keys_files_and_lines() -> None:
    draft = Draft({"name": "m", "url": "http://127.0.0.1:1"}).having("one", path="/p", model="m")
    draft = draft.holding("request", "r.json", b"{}", "two").having(model=None)
    files = draft.all_files()
    assert draft.told == ("one", "two") and list(files) == ["r.json", "gate.toml"]
    written = tomllib.loads(files["gate.toml"].decode())
    assert written["contract"] == {"path": "/p", "request": "r.json"}


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(FileExistsError):
        write(tmp_path, {"b/c": b"1", "a": b"2"})
    assert (tmp_path / "a").read_text() == "mine"


def test_a_tensor_is_written_with_what_is_known_of_it() -> None:
    assert tables((Tensor(name="x", shape=["batch", 2], sums_to=1.0),)) == [
        {"name": "x", "shape": ["batch", 2], "sums_to": 1.0, "datatype": "FP32"}
    ]
    assert tables(()) is None
