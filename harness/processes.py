"""Processes of this machine, by their number."""

from __future__ import annotations

import os


def exists(pid: int) -> bool:
    """Whether there is a process of that number; one of somebody else exists too."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
