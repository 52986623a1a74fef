"""One server as the wires to it share it: its address, the heads it has sent, one timer."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.load.locustside.http import Head, parse_head

if TYPE_CHECKING:
    from harness.load.locustside.wire import Wire

_MOST_HEADS = 256
_SWEEP = 0.05  # seconds between two looks for answers that are overdue


class Server:
    """Where wires lead to. Raises OSError where its name cannot be resolved."""

    def __init__(self, base_url: str, loop: Any) -> None:
        parts = urlsplit(base_url)
        self.netloc = parts.netloc
        self.loop = loop
        host = "127.0.0.1" if parts.hostname in (None, "localhost") else parts.hostname
        found = socket.getaddrinfo(host, parts.port or 80, type=socket.SOCK_STREAM)
        self.family = found[0][0]
        self.address = found[0][4]
        self.heads: dict[bytes, Head] = {}
        self.wires: list[Wire] = []
        self._timer = loop.timer(_SWEEP, _SWEEP)
        self._timer.start(self._sweep)

    def close(self) -> None:
        """Close every connection; what is under way on them is forgotten."""
        self._timer.close()
        for wire in self.wires:
            wire.forget()

    def head(self, data: bytes) -> Head:
        """The parsed form of a head that ends with its empty line. Raises Broken."""
        if len(self.heads) >= _MOST_HEADS:  # as where each names a moment
            self.heads.clear()
        head = self.heads[data] = parse_head(data[:-4])
        return head

    def _sweep(self) -> None:
        now = time.monotonic()
        for wire in self.wires:
            if wire.deadline < now:
                wire.expire()
