"""Ports of 127.0.0.1 for what the gate starts itself."""

from __future__ import annotations

import contextlib
import random
import socket

from harness.errors import EngineError

_PORTS, _TRIES = range(20_000, 32_000), 64


def free_port() -> int:
    """A port of 127.0.0.1 that is free now. Raises EngineError where none is found.

    It is below those that the kernel gives out: such a one might be lent to anybody's outgoing
    connection before the command has come to listen on it.
    """
    for port in random.SystemRandom().sample(_PORTS, _TRIES):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise EngineError(f"{_TRIES} ports of 127.0.0.1 were tried and each is in use")
