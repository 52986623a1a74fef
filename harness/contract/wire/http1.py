"""HTTP/1.1 read from a socket, with a bound on everything: time, header and body sizes.

The standard library's client forgives what a gate must see (bytes after the end of an answer, two
lengths) and its timeout starts anew with every byte, so that a slow drip never ends.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass, field

MAX_HEAD = 64 * 1024  # bytes of the status line and all headers together
MAX_HEADERS = 200
MAX_INTERIM = 20  # answers 1xx before the final one
_CHUNK = 64 * 1024
_PARTIAL = 4096  # bytes that are kept of a body that was not read whole
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?")
_FIELD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEX = re.compile(rb"[0-9A-Fa-f]{1,15}")


class WireError(Exception):
    """The answer breaks HTTP or a bound; `partial` is the beginning of its body, to be shown."""

    def __init__(self, message: str, partial: bytes | bytearray = b"") -> None:
        super().__init__(message)
        self.partial = bytes(partial[:_PARTIAL])


class Closed(WireError):
    """The other side closed the connection."""


class Broken(Closed):
    """The connection was reset."""


class TooSlow(WireError):
    """The time is up."""


@dataclass(slots=True)
class Head:
    """Status line and headers of one answer."""

    minor: int  # HTTP/1.`minor`
    status: int
    headers: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        return [value for key, value in self.headers if key.lower() == name]


@dataclass(slots=True)
class Stream:
    """Bytes from a socket until a moment in time."""

    sock: socket.socket
    deadline: float  # `time.monotonic()` seconds
    buffer: bytearray = field(default_factory=bytearray)

    def remaining(self) -> float:
        """Seconds left. Raises TooSlow when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TooSlow("the time is up")
        return left

    def fill(self) -> None:
        """Wait for more bytes. Raises Closed, TooSlow."""
        self.sock.settimeout(self.remaining())
        try:
            _acknowledge_at_once(self.sock)
            data = self.sock.recv(_CHUNK)
        except TimeoutError:
            raise TooSlow("the time is up") from None
        except OSError as problem:
            raise Broken(f"connection broken: {problem.strerror or problem}") from None
        if not data:
            raise Closed("connection closed")
        self.buffer += data

    def until(self, mark: bytes, limit: int, what: str = "without an end of line") -> bytes:
        """The bytes up to `mark`, which is consumed. Raises WireError beyond `limit` bytes."""
        start = 0
        while (end := self.buffer.find(mark, start)) < 0:
            if len(self.buffer) > limit:
                raise WireError(f"more than {limit} bytes {what}")
            start = max(0, len(self.buffer) - len(mark) + 1)
            self.fill()
        found = bytes(self.buffer[:end])
        del self.buffer[: end + len(mark)]
        return found


def read_head(stream: Stream) -> Head:
    """The head of the final answer; interim 1xx answers are passed over.

    Raises WireError where it is no HTTP/1.x or beyond a bound.
    """
    for _ in range(MAX_INTERIM):
        head = next_head(stream)
        if head.status >= 200:
            return head
    raise WireError(f"more than {MAX_INTERIM} interim answers")


def next_head(stream: Stream) -> Head:
    """The head of the next answer, which may be an interim one. Raises WireError."""
    return _parse_head(stream.until(b"\r\n\r\n", MAX_HEAD, "of headers without an end"))


def _parse_head(raw: bytes) -> Head:
    lines = raw.split(b"\r\n")
    match = _STATUS.fullmatch(lines[0])
    if match is None:
        raise WireError(f"no HTTP/1.1 status line: {lines[0][:80]!r}")
    if len(lines) - 1 > MAX_HEADERS or len(raw) > MAX_HEAD:
        raise WireError(f"{len(lines) - 1} headers, at most {MAX_HEADERS} are read")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not _FIELD.fullmatch(name):
            raise WireError(f"malformed header line {line[:80]!r}")
        headers.append((name, value.strip(" \t")))
    return Head(int(match[1]), int(match[2]), tuple(headers))


def read_body(stream: Stream, head: Head, method: str, max_bytes: int) -> tuple[bytes, bool]:
    """The body, framed as RFC 9112 section 6.3 says, and whether the connection may be reused.

    Raises WireError where the framing contradicts itself, or beyond `max_bytes`.
    """
    if method == "HEAD" or head.status in (204, 304):
        return b"", _stays_open(head)
    codings = [part.strip().lower() for v in head.all("transfer-encoding") for part in v.split(",")]
    lengths = {part.strip() for v in head.all("content-length") for part in v.split(",")}
    if codings and lengths:
        raise WireError("both Transfer-Encoding and Content-Length")
    if codings:
        if codings != ["chunked"]:
            raise WireError(f"Transfer-Encoding {codings!r}, expected 'chunked'")
        return _chunked(stream, max_bytes), _stays_open(head)
    if not lengths:
        return _to_the_end(stream, max_bytes), False
    if len(lengths) > 1 or not all(text.isascii() and text.isdigit() for text in lengths):
        raise WireError(f"Content-Length {sorted(lengths)!r}, expected one number")
    return _counted(stream, lengths.pop(), max_bytes), _stays_open(head)


def _stays_open(head: Head) -> bool:
    words = {word.strip().lower() for v in head.all("connection") for word in v.split(",")}
    return "close" not in words and (head.minor == 1 or "keep-alive" in words)


def _counted(stream: Stream, text: str, max_bytes: int) -> bytes:
    # A number of more than 18 digits is beyond every bound, and int() is bounded too.
    length = int(text) if len(text) <= 18 else max_bytes + 1
    if length > max_bytes:
        raise WireError(f"a body of {text[:40]} bytes, at most {max_bytes} are read")
    try:
        while len(stream.buffer) < length:
            stream.fill()
    except WireError as problem:
        held = len(stream.buffer)
        message = f"{problem} after {held} of {length} bytes of the body"
        raise type(problem)(message, stream.buffer) from None
    body = bytes(stream.buffer[:length])
    del stream.buffer[:length]
    return body


def _to_the_end(stream: Stream, max_bytes: int) -> bytes:
    while len(stream.buffer) <= max_bytes:
        try:
            stream.fill()
        except Broken:
            raise
        except Closed:
            body = bytes(stream.buffer)
            stream.buffer.clear()
            return body
        except TooSlow:
            message = f"a body without end: {len(stream.buffer)} bytes so far"
            raise TooSlow(message, stream.buffer) from None
    raise WireError(f"a body of more than {max_bytes} bytes", stream.buffer)


def _chunked(stream: Stream, max_bytes: int) -> bytes:
    body = bytearray()
    try:
        while size := _chunk_size(stream):
            if len(body) + size > max_bytes:
                raise WireError(f"a body of more than {max_bytes} bytes")
            while len(stream.buffer) < size + 2:
                stream.fill()
            if not stream.buffer.startswith(b"\r\n", size):
                raise WireError("a chunk that is longer than its size says")
            body += stream.buffer[:size]
            del stream.buffer[: size + 2]
        while stream.until(b"\r\n", MAX_HEAD):
            pass  # trailers
    except WireError as problem:
        message = f"{problem} after {len(body)} bytes of a chunked body"
        raise type(problem)(message, body) from None
    return bytes(body)


def in_chunks(body: bytes) -> bytes:
    """A body as two chunks (RFC 9112 section 7.1): one would hide a reader that stops after it."""
    middle = (len(body) + 1) // 2
    chunks = [part for part in (body[:middle], body[middle:]) if part]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in chunks) + b"0\r\n\r\n"


def _chunk_size(stream: Stream) -> int:
    text = stream.until(b"\r\n", 4096).partition(b";")[0].strip()
    if not _HEX.fullmatch(text):
        raise WireError(f"chunk size {text[:40]!r}, expected a hexadecimal number")
    return int(text, 16)


def _acknowledge_at_once(sock: socket.socket) -> None:
    """Servers that write head and body apart would else wait 40 ms for a delayed ACK (Nagle)."""
    option = getattr(socket, "TCP_QUICKACK", None)
    if option is not None and sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, option, 1)
