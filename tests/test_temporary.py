"""Temporary folders: removed with their process, or by `gate clean` after it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from harness import temporary


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's temporary folders but the test's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_gone_after_its_block() -> None:
    with temporary.folder() as name:
        assert Path(name).is_dir()
    assert not Path(name).exists()


def test_the_folder_of_a_process_that_is_no_more_is_removed(elsewhere: Path) -> None:
    done = subprocess.Popen([sys.executable, "-c", "pass"])
    done.wait()
    left = elsewhere / f"releasegate-{done.pid}-x"
    left.mkdir()
    assert temporary.clean() == [f"folder {left}"] and not left.exists()


def test_the_folder_of_a_live_process_stays() -> None:
    with temporary.folder() as name:
        assert temporary.clean() == [] and Path(name).is_dir()


def test_what_is_not_ours_stays(elsewhere: Path) -> None:
    (elsewhere / "releasegate-notes").mkdir()
    assert temporary.clean() == []
