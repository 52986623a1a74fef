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


def environment() -> dict[str, str]:
    """The environment at this moment, also while another thread changes it.

    pytest sets and takes away PYTEST_CURRENT_TEST between any two steps, and a copy that is made
    meanwhile can miss a name that it has just listed.
    """
    while True:
        try:
            return dict(os.environ)
        except (KeyError, RuntimeError):
            continue
