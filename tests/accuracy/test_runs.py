"""What identifies a model."""

from __future__ import annotations

import hashlib
from pathlib import Path

from harness.accuracy.runs import fingerprint


def test_a_file_is_its_content(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"abc")
    assert fingerprint(tmp_path / "m") == ("sha256:" + hashlib.sha256(b"abc").hexdigest(), 3)


def test_a_folder_is_the_names_and_contents_in_it(tmp_path: Path) -> None:
    """A renamed file and a byte that moved to the next file are other models."""
    found = set()
    for name, files in {"a": {"x": b"ab", "y": b"c"}, "b": {"x": b"a", "y": b"bc"},
                        "c": {"x": b"ab", "z": b"c"}, "d": {"s/x": b"ab", "y": b"c"}}.items():
        for file, content in files.items():
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_bytes(content)
        digest, size = fingerprint(tmp_path / name)
        assert size == 3
        found.add(digest)
    assert len(found) == 4
