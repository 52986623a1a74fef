"""A lean HTTP/1.1 client on gevent sockets: strict about framing, bounded in size and time."""

from __future__ import annotations

import select
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent import monkey, socket

_MOST_HEAD = 64 * 1024
_MOST_BODY = 16 * 1024 * 1024
_poll = monkey.get_original("select", "poll")


class Broken(Exception):
    """No proper answer came: the text says what came instead."""


class _Stale(Exception):
    """A kept connection was closed before anything of the answer had come."""


@dataclass(slots=True)
class Reply:
    """A whole answer."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes
    retried: bool = False


def encode(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if not _ours(name)]
    if body or method not in ("GET", "HEAD"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _ours(header: str) -> bool:
    return header.lower() in ("host", "content-length", "transfer-encoding", "connection")


@dataclass
class Client:
    """Asks one server. Connections are kept, and the last one used goes first, as in a pool."""

    host: str
    port: int
    timeout: float  # seconds for one whole exchange
    _pool: list[_Connection] = field(default_factory=list)

    def ask(self, request: bytes, head: bool = False) -> Reply:
        """Send one encoded request, wait for the whole answer. Raises Broken.

        Where the server closed a kept connection in the meantime, the request goes out again on
        a fresh one, once, as RFC 9112 9.3.1 has it; the time it took stays counted.
        """
        deadline = time.monotonic() + self.timeout
        kept = self._kept()
        if kept is not None:
            try:
                return self._exchange(kept, request, deadline, head)
            except _Stale:
                pass
        try:
            reply = self._exchange(self._connect(deadline), request, deadline, head)
        except _Stale:
            raise Broken("the connection was closed without an answer") from None
        reply.retried = kept is not None
        return reply

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._pool:
            self._pool.pop().close()

    def _kept(self) -> _Connection | None:
        while self._pool:
            connection = self._pool.pop()
            if connection.quiet():
                return connection
            connection.close()
        return None

    def _connect(self, deadline: float) -> _Connection:
        try:
            return _Connection(self.host, self.port, deadline)
        except OSError as problem:
            gevent.sleep(0)  # a refusal is immediate: let the others run
            raise Broken(f"no connection: {problem.strerror or problem}") from None

    def _exchange(
        self, connection: _Connection, request: bytes, deadline: float, head: bool
    ) -> Reply:
        keep = False
        try:
            reply, keep = connection.exchange(request, deadline, head)
            return reply
        except TimeoutError:
            raise Broken(f"no whole answer within {self.timeout:g} s") from None
        except (OSError, ValueError) as problem:
            if not connection.heard and connection.used:
                raise _Stale from None
            raise Broken(f"the connection broke: {problem}") from None
        finally:
            if keep:
                self._pool.append(connection)
            else:
                connection.close()


class _Connection:
    """One socket and what was read ahead from it."""

    def __init__(self, host: str, port: int, deadline: float) -> None:
        self._socket: Any = socket.create_connection((host, port), _left(deadline))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._poll: select.poll = _poll()
        self._poll.register(self._socket.fileno(), select.POLLIN)
        self._buffer = b""
        self._deadline = deadline
        self.used = False  # it has carried an exchange before
        self.heard = False  # something of the present answer has come

    def quiet(self) -> bool:
        """Whether it can carry another exchange: neither closed nor sending unasked."""
        return not self._buffer and not self._poll.poll(0)

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def exchange(self, request: bytes, deadline: float, head: bool) -> tuple[Reply, bool]:
        """One request and its answer, and whether the connection may be kept."""
        self._deadline, self.heard = deadline, False
        self._socket.settimeout(_left(deadline))
        self._socket.sendall(request)
        version, status, headers = self._head()
        while 100 <= status < 200:
            version, status, headers = self._head()
        body, framed = self._body(status, headers, head)
        connection = headers.get("connection", "").lower()
        keep = framed and (
            "keep-alive" in connection if version == b"HTTP/1.0" else "close" not in connection
        )
        if keep and self._buffer:
            raise Broken("more bytes came than the answer's framing announced")
        self.used = True
        return Reply(status, headers, body), keep

    def _head(self) -> tuple[bytes, int, dict[str, str]]:
        end = self._buffer.find(b"\r\n\r\n")
        while end < 0:
            if len(self._buffer) > _MOST_HEAD:
                raise Broken(f"more than {_MOST_HEAD} bytes of headers")
            self._read()
            end = self._buffer.find(b"\r\n\r\n")
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        parts = first.split(b" ", 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not _digits(parts[1], 3):
            raise Broken(f"not an HTTP/1.1 status line: {first[:60]!r}")
        return parts[0], int(parts[1]), dict(_header(line) for line in lines)

    def _body(self, status: int, headers: dict[str, str], head: bool) -> tuple[bytes, bool]:
        """The body, and whether its end was marked."""
        if head or status in (204, 304):
            return b"", True
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked":
                raise Broken(f"unknown Transfer-Encoding {headers['transfer-encoding']!r}")
            return self._chunks(), True
        length = headers.get("content-length")
        if length is None:
            return self._to_the_end(), False
        if not _digits(length.encode("latin-1")):
            raise Broken(f"Content-Length: {length[:40]!r} is not a number")
        return self._take(int(length), "the body"), True

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            text = self._line().split(b";", 1)[0].strip()
            try:
                length = int(text, 16) if text.isalnum() else -1
            except ValueError:
                length = -1
            if length < 0:
                raise Broken(f"not the size of a chunk: {text[:40]!r}")
            if length == 0:
                break
            size += length
            parts.append(self._take(length, "a chunk", size))
            if self._line():
                raise Broken("a chunk is longer than its size")
        while self._line():  # trailers
            pass
        return b"".join(parts)

    def _line(self) -> bytes:
        end = self._buffer.find(b"\r\n")
        while end < 0:
            if len(self._buffer) > _MOST_HEAD:
                raise Broken("a line of the chunked body does not end")
            self._read("a chunk")
            end = self._buffer.find(b"\r\n")
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _take(self, length: int, what: str, total: int = 0) -> bytes:
        if max(length, total) > _MOST_BODY:
            raise Broken(f"an answer of more than {_MOST_BODY} bytes")
        if len(self._buffer) < length:
            parts, have = [self._buffer], len(self._buffer)
            while have < length:
                self._buffer = b""
                self._read(f"{what} ({have} of {length} bytes had come)")
                parts.append(self._buffer)
                have += len(self._buffer)
            self._buffer = b"".join(parts)
        taken, self._buffer = self._buffer[:length], self._buffer[length:]
        return taken

    def _to_the_end(self) -> bytes:
        parts, have = [self._buffer], len(self._buffer)
        while have <= _MOST_BODY:
            self._socket.settimeout(_left(self._deadline))
            data = self._socket.recv(65536)
            if not data:
                self._buffer = b""
                return b"".join(parts)
            parts.append(data)
            have += len(data)
        raise Broken(f"an answer of more than {_MOST_BODY} bytes")

    def _read(self, inside: str = "") -> None:
        self._socket.settimeout(_left(self._deadline))
        data = self._socket.recv(65536)
        if not data:
            if not self.heard and self.used:
                raise _Stale
            where = f" inside {inside}" if inside else " before a whole answer had come"
            raise Broken(f"the connection was closed{where}")
        self.heard = True
        self._buffer += data


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def _digits(text: bytes, length: int | None = None) -> bool:
    return text.isdigit() and len(text) <= 18 and (length is None or len(text) == length)


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon or not name or name != name.strip():
        raise Broken(f"not a header: {line[:60]!r}")
    return name.decode("latin-1").lower(), value.strip().decode("latin-1")
