"""One kept connection, driven by the event loop: no greenlet is switched for a request."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import Any

from gevent import monkey

from harness.load.locustside import layout
from harness.load.locustside.http import Broken, Head, Reader
from harness.load.locustside.server import Server

_READ, _WRITE = 1, 2  # as libev has them
_NEVER = float("inf")
_PIECE = 64 * 1024  # bytes read at a time
_SMALL = 512 * 1024  # bytes of a body that are put together without the reader
_RESETS = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)
# This machine has run out of something: of descriptors, of local ports, of memory.
OURS = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM)
_socket: Any = monkey.get_original("socket", "socket")
_monotonic = time.monotonic


class Wire:
    """Asks one request at a time; `answered` or `broken` is called for each, later.

    Where the server closed a kept connection in the meantime, the request goes out again on a
    fresh one, once, as RFC 9112 9.3.1 has it; the time it took stays counted.
    """

    __slots__ = (
        "_connecting",
        "_got",
        "_heads",
        "_heard",
        "_only_head",
        "_reader",
        "_recv",
        "_request",
        "_rest",
        "_send",
        "_server",
        "_socket",
        "_timeout",
        "_to_read",
        "_to_write",
        "_used",
        "deadline",
        "marks",
        "sent",
    )

    def __init__(self, server: Server) -> None:
        self._server = server
        self._heads = server.heads
        self._socket: Any = None
        self._to_read: Any = None
        self._to_write: Any = None
        self._reader: Reader | None = None
        self._connecting = False
        self._got = b""
        self._rest: memoryview | None = None
        self._heard = self._used = False
        self.deadline = _NEVER  # while it waits for an answer, the moment when that is too late
        self.marks = 0  # flags of the layout that tell of the connection
        self.sent = 0.0
        server.wires.append(self)

    def answered(self, head: Head, body: bytes) -> None:
        """A whole answer came."""
        raise NotImplementedError

    def broken(self, problem: Broken) -> None:
        """No proper answer came."""
        raise NotImplementedError

    def ask(self, request: bytes, only_head: bool, timeout: float) -> None:
        """Send an encoded request; `only_head` where its answer has no body."""
        self._request, self._only_head, self._timeout = request, only_head, timeout
        self._heard = False
        self.marks = 0
        self.sent = now = _monotonic()
        self.deadline = now + timeout
        if self._socket is None:
            self._connect()
            return
        try:
            count = self._send(request)
        except BlockingIOError:
            count = 0
        except OSError:
            self._again()
            return
        if count < len(request):
            self._write_later(memoryview(request)[count:])

    def forget(self) -> None:
        """Close the connection; nobody is told."""
        self.deadline = _NEVER
        self._close()

    def expire(self) -> None:
        """The answer is overdue."""
        what = "no connection" if self._connecting else "no whole answer"
        self._fail(layout.TIMEOUT, f"{what} within {self._timeout:g} s")

    def _connect(self) -> None:
        self.marks |= layout.CONNECTED
        self._used = False
        try:
            self._socket = opened = _socket(self._server.family, socket.SOCK_STREAM)
            opened.setblocking(False)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = opened.connect_ex(self._server.address)
        except OSError as problem:
            code = problem.errno or errno.EIO
        if code not in (0, errno.EINPROGRESS):
            # Not at once: who asks again at once would never let the others run.
            self._server.loop.run_callback(self._no_connection, code)
            return
        self._send, self._recv = opened.send, opened.recv
        self._connecting = True
        self._to_read = self._server.loop.io(opened.fileno(), _READ)
        self._to_read.start(self._readable)
        self._write_later(memoryview(self._request))

    def _no_connection(self, code: int) -> None:
        why = {errno.ECONNREFUSED: layout.REFUSED, errno.ECONNRESET: layout.RESET}
        text = f"no connection: {os.strerror(code)}"
        self._fail(why.get(code, layout.OTHER), text, code in OURS)

    def _write_later(self, rest: memoryview) -> None:
        self._rest = rest
        self._to_write = self._server.loop.io(self._socket.fileno(), _WRITE)
        self._to_write.start(self._writable)

    def _writable(self) -> None:
        if self._connecting:
            code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                self._no_connection(code)
                return
            self._connecting = False
        assert self._rest is not None
        try:
            count = self._send(self._rest)
        except BlockingIOError:
            return
        except OSError as problem:
            self._lost(problem)
            return
        self._rest = self._rest[count:]
        if not self._rest:
            self._written()

    def _written(self) -> None:
        self._rest = None
        self._to_write.stop()
        self._to_write.close()
        self._to_write = None

    def _readable(self) -> None:
        if self._connecting:
            return  # a refusal makes it readable too: that is for `_writable` to tell
        try:
            data = self._recv(_PIECE)
        except BlockingIOError:
            return
        except OSError as problem:
            self._lost(problem)
            return
        if self.deadline == _NEVER:  # closed while it was idle, or sending unasked
            self._close()
        elif not data:
            self._ended()
        else:
            self._heard = True
            try:
                self._take(data)
            except Broken as broken:
                self._fail(broken.why, str(broken))

    def _take(self, data: bytes) -> None:
        """The usual answer is recognised by its head; all others go through the reader."""
        if self._reader is None:
            if self._got:
                data = self._got + data
            end = data.find(b"\r\n\r\n") + 4
            if end > 3 and self._rest is None and not self._only_head:
                start = data[:end]
                head = self._heads.get(start) or self._server.head(start)
                missing = head.length - len(data) + end
                if not missing and head.length >= 0:
                    self.deadline = _NEVER
                    self._used = True
                    if self._got:
                        self._got = b""
                    self.answered(head, data[end:])
                    return
                if 0 < missing and head.length < _SMALL:
                    self._got = data
                    return
            self._got = b""
            self._reader = Reader(self._only_head)
        self._feed(data)

    def _feed(self, data: bytes) -> None:
        assert self._reader is not None
        whole = self._reader.feed(data)
        if whole is None:
            return
        head, body, keep = whole
        self.deadline = _NEVER
        self._reader = None
        self._used = True
        if not keep or self._rest is not None:
            self._close()
        self.answered(head, body)

    def _ended(self) -> None:
        """The server closed while an answer was awaited."""
        if not self._heard:
            if self._used:
                self._again()
            else:
                self._fail(layout.CLOSED, "the connection was closed without an answer")
            return
        try:
            if self._reader is None:
                self._reader = Reader(self._only_head)
                self._reader.feed(self._got)
            self._feed(b"")
        except Broken as broken:
            self._fail(broken.why, str(broken))

    def _lost(self, problem: OSError) -> None:
        if self.deadline == _NEVER:
            self._close()
        elif not self._heard and self._used:
            self._again()
        else:
            why = layout.RESET if problem.errno in _RESETS else layout.OTHER
            self._fail(why, f"the connection broke: {problem.strerror or problem}")

    def _again(self) -> None:
        """The kept connection was closed before anything of an answer had come."""
        self._close()
        self.marks |= layout.RETRIED
        self._connect()

    def _fail(self, why: int, text: str, ours: bool = False) -> None:
        self.deadline = _NEVER
        self._close()
        self.broken(Broken(why, text, ours))

    def _close(self) -> None:
        if self._to_write is not None:
            self._written()
        if self._to_read is not None:
            self._to_read.stop()
            self._to_read.close()
            self._to_read = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._reader, self._got, self._rest, self._connecting = None, b"", None, False
