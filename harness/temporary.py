"""Temporary folders that say whose they are, so that a killed gate's can be found and removed."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from harness.processes import exists

_NAME = re.compile(r"releasegate-(\d+)-.+")


def folder() -> tempfile.TemporaryDirectory[str]:
    """A new one of this process; use it as a context."""
    return tempfile.TemporaryDirectory(prefix=f"releasegate-{os.getpid()}-")


def clean() -> list[str]:
    """Remove those whose process is no more; one line for each.

    A process that took the number since keeps the folder: better one too many than one too few.
    """
    removed = []
    for path in sorted(Path(tempfile.gettempdir()).glob("releasegate-*")):
        match = _NAME.fullmatch(path.name)
        if match and path.is_dir() and not exists(int(match[1])):
            shutil.rmtree(path, ignore_errors=True)
            removed.append(f"folder {path}")
    return removed
