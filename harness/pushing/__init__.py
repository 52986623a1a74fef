"""From an open gate into a registry: only the image that was tested, and its verdict with it."""

from harness.errors import GateError


class RegistryError(GateError):
    """The registry did not do its part, did not let us in, or its answer cannot be trusted."""
