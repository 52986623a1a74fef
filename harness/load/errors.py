"""What can go wrong with the load generator itself: an errored check, never a failed candidate."""

from __future__ import annotations

from harness.errors import GateError


class LoadError(GateError):
    """The load could not be made, or its record cannot be trusted."""
