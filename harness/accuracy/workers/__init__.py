"""Child processes for everything that loads a model: a crash there is a message here."""

from __future__ import annotations

from harness.accuracy.workers.child import Child
from harness.accuracy.workers.frames import Array

__all__ = ["Array", "Child"]
