"""Model runtimes: one file each, imported only inside a worker process.

A backend is a module of this package, or one named by an entry point of the group
`releasegate.backends`, with `SUFFIXES` (a folder is "/") and `load(path, options) -> Session`.
"""

from __future__ import annotations

from pathlib import Path

from harness.accuracy.backends.base import Answers, Options, Session, Slot
from harness.accuracy.extensions import by_suffix

__all__ = ["Answers", "Options", "Session", "Slot", "backend_of"]
GROUP = "releasegate.backends"


def backend_of(path: Path) -> str:
    """Name of the module that runs the model at `path`. Raises ConfigError."""
    return by_suffix(GROUP, "harness.accuracy.backends", path).__name__
