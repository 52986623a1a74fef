"""Files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.files import write_whole, writing_whole


def test_a_file_takes_the_place_of_the_older_one_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_fails_leaves_the_older_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError("no space left")

    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_ends_badly_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="half"), writing_whole(path) as file:
        file.write(b"ne")
        raise ValueError("half")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
