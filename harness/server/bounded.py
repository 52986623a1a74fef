"""Connections that must come to the point: a request is bounded in time, its head also in size.

Uvicorn bounds neither with the fast parser: a header of a gigabyte would be kept in memory, and
a client that sends one byte a minute, or takes none, would hold its connection for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_LARGEST = 64 * 1024  # bytes of a request line with its headers
_LONGEST = 10.0  # seconds from its first byte, or from the connection, to its end
_BODY = 45.0  # seconds for a body: where the application waits for it, its own bound comes first
_UNREAD = 300.0  # seconds until whoever takes no answer is hung up on
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, which closes what does not come to its end."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head = 0  # bytes since the last whole request
        self._reading_head = True
        self._timer: asyncio.TimerHandle | None = None  # for what is read
        self._unread: asyncio.TimerHandle | None = None  # for what is written

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection on which nothing is asked is closed."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(_LONGEST, self.transport.close)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head, and let no request go on for ever."""
        if self._reading_head:
            self._head += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            self._stop()
        elif self._reading_head and self._head > _LARGEST:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._timer is None and (self._head or not self._reading_head):
            seconds = _LONGEST if self._reading_head else _BODY
            self._timer = self.loop.call_later(seconds, self.transport.close)

    def on_headers_complete(self) -> None:
        """The head has ended: what follows is a body, whose size the application bounds."""
        self._reading_head, self._head = False, 0
        self._stop()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next byte begins another head."""
        self._reading_head = True
        self._stop()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The other end does not take what it asked for."""
        super().pause_writing()
        self._unread = self.loop.call_later(_UNREAD, self.transport.abort)

    def resume_writing(self) -> None:
        """It took enough of it."""
        super().resume_writing()
        self._taken()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop()
        self._taken()
        super().connection_lost(exc)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _taken(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
