"""Sidecars: a candidate is started only when what it leans on listens."""

from __future__ import annotations

import socket
import time
import urllib.parse

from harness.errors import EngineError
from harness.runtime.endpoint import Endpoint

_LOOK = 0.05  # seconds between two looks, and how long a connection must hold


def wait_for_sidecar(name: str, endpoint: Endpoint, within: float) -> None:
    """Wait until the sidecar listens, `within` seconds at most. Raises EngineError, with its logs.

    A sidecar that does not come up is no defect of the candidate: it was never asked.
    """
    ends = time.monotonic() + within
    port = urllib.parse.urlsplit(endpoint.base_url).port or 0
    while not listens(port):
        ended = endpoint.exit()
        if ended is not None:
            why = f"ended with exit code {ended.code}"
        elif time.monotonic() >= ends:
            why = f"does not listen on its port after {within:g} s"
        else:
            time.sleep(_LOOK)
            continue
        raise EngineError(
            f"candidate.services.{name}: {why}; its last words:\n{endpoint.logs()[-2000:]}"
        )


def listens(port: int) -> bool:
    """Whether a connection to a published port holds.

    The engine's own proxy accepts for the container, and hangs up where nobody listens inside.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.settimeout(_LOOK)
            return connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False
