"""The strict client for greenlets: wires that wake up whoever waits for the answer."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gevent.hub import Waiter, get_hub

from harness.load.locustside.http import Broken, Head
from harness.load.locustside.server import Server
from harness.load.locustside.wire import Wire

_servers: dict[str, Server] = {}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it went."""

    answer: tuple[Head, bytes] | Broken
    sent: float  # seconds of time.monotonic()
    service: float  # seconds from `sent` to the end of the answer
    marks: int  # CONNECTED and RETRIED of the layout


class _Call(Wire):
    """A wire with somebody who waits at its end."""

    __slots__ = ("_waiter",)

    def call(self, request: bytes, only_head: bool, timeout: float) -> Exchange:
        """Ask, and wait until that is over."""
        self._waiter: Waiter[Exchange] = Waiter()
        self.ask(request, only_head, timeout)
        try:
            exchange: Exchange = self._waiter.get()
        except BaseException:  # whoever waited was killed
            self.forget()
            raise
        return exchange

    def answered(self, head: Head, body: bytes) -> None:
        """A whole answer came."""
        self._over((head, body))

    def broken(self, problem: Broken) -> None:
        """No proper answer came."""
        self._over(problem)

    def _over(self, answer: tuple[Head, bytes] | Broken) -> None:
        service = time.monotonic() - self.sent
        self._waiter.switch(Exchange(answer, self.sent, service, self.marks))


class Client:
    """Asks one server. Connections are kept, and the last one used goes first, as in a pool."""

    def __init__(self, base_url: str, timeout: float = 10.0) -> None:
        """`timeout`: seconds for one whole exchange."""
        server = _servers.get(base_url)
        if server is None:
            server = _servers[base_url] = Server(base_url, get_hub().loop)
        self._server = server
        self._timeout = timeout
        self._free: list[_Call] = []

    @property
    def netloc(self) -> str:
        """Host and port, as in the Host header."""
        return self._server.netloc

    def ask(self, request: bytes, only_head: bool = False) -> Exchange:
        """Send one encoded request and wait until that is over; nothing is raised."""
        wire = self._free.pop() if self._free else _Call(self._server)
        try:
            return wire.call(request, only_head, self._timeout)
        finally:
            self._free.append(wire)

    def close(self) -> None:
        """Close its connections."""
        while self._free:
            wire = self._free.pop()
            wire.forget()
            self._server.wires.remove(wire)
