"""HTTP/1.1 without sockets: requests as bytes, answers read strictly and bounded in size."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

from harness.load.locustside import layout

_MOST_HEAD = 64 * 1024
_MOST_BODY = 16 * 1024 * 1024


class Broken(Exception):
    """No proper answer came: the text says what came instead, `why` as `layout` has it.

    `ours`: that was not the server's doing.
    """

    def __init__(self, why: int, text: str, ours: bool = False) -> None:
        super().__init__(text)
        self.why = why
        self.ours = ours


@dataclass(slots=True)
class Head:
    """What was read of a status line and its headers."""

    status: int
    headers: dict[str, str]  # names in lower case
    keep: bool  # the connection stays open after this answer, as far as the headers say
    length: int  # of the body where the head alone tells it and all is as usual, else -1
    kind: str  # of content


@dataclass(slots=True)
class Reply:
    """A whole answer."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def status_code(self) -> int:
        """The status, under the name that Locust's own clients have for it."""
        return self.status


def encode(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if not _ours(name)]
    if body or method not in ("GET", "HEAD"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _ours(header: str) -> bool:
    return header.lower() in ("host", "content-length", "transfer-encoding", "connection")


def parse_head(head: bytes) -> Head:
    """A status line and headers, without the empty line. Raises Broken."""
    first, *lines = head.split(b"\r\n")
    parts = first.split(b" ", 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not _digits(parts[1], 3):
        raise Broken(layout.FRAMING, f"not an HTTP/1.1 status line: {first[:60]!r}")
    headers: dict[str, str] = {}
    for line in lines:
        name, value = _header(line)
        if headers.setdefault(name, value) != value and name == "content-length":
            raise Broken(layout.FRAMING, "two different Content-Length headers")
    status, connection = int(parts[1]), headers.get("connection", "").lower()
    keep = "keep-alive" in connection if parts[0] == b"HTTP/1.0" else "close" not in connection
    length = headers.get("content-length", "")
    usual = status == 200 and keep and "transfer-encoding" not in headers
    plain = int(length) if usual and _digits(length.encode("latin-1")) else -1
    return Head(status, headers, keep, plain, headers.get("content-type", ""))


class Reader:
    """Reads one answer out of pieces, as they come from the network."""

    def __init__(self, head: bool) -> None:
        """`head`: it answers a HEAD request, so that no body follows."""
        self._buffer = b""
        self._steps = self._read(head)
        next(self._steps)

    def feed(self, data: bytes) -> tuple[Head, bytes, bool] | None:
        """Take in what came, b"" for the end of the stream. Raises Broken.

        Once the answer is whole: its head, its body, and whether the connection may be kept.
        """
        try:
            self._steps.send(data)
        except StopIteration as end:
            whole: tuple[Head, bytes, bool] = end.value
            if whole[2] and self._buffer:
                text = "more bytes came than the answer's framing announced"
                raise Broken(layout.FRAMING, text) from None
            return whole
        return None

    def _read(self, only_head: bool) -> Generator[None, bytes, tuple[Head, bytes, bool]]:
        head = yield from self._head()
        while 100 <= head.status < 200:
            head = yield from self._head()
        body, framed = yield from self._body(head, only_head)
        return head, body, framed and head.keep

    def _head(self) -> Generator[None, bytes, Head]:
        end = self._buffer.find(b"\r\n\r\n")
        while end < 0:
            if len(self._buffer) > _MOST_HEAD:
                raise Broken(layout.FRAMING, f"more than {_MOST_HEAD} bytes of headers")
            yield from self._more()
            end = self._buffer.find(b"\r\n\r\n")
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return parse_head(head)

    def _body(self, head: Head, only_head: bool) -> Generator[None, bytes, tuple[bytes, bool]]:
        """The body, and whether its end was marked."""
        if only_head or head.status in (204, 304):
            return b"", True
        coding = head.headers.get("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise Broken(layout.FRAMING, f"unknown Transfer-Encoding {coding!r}")
            return (yield from self._chunks()), True
        length = head.headers.get("content-length")
        if length is None:
            return (yield from self._to_the_end()), False
        if not _digits(length.encode("latin-1")):
            raise Broken(layout.FRAMING, f"Content-Length: {length[:40]!r} is not a number")
        return (yield from self._take(int(length), "the body")), True

    def _chunks(self) -> Generator[None, bytes, bytes]:
        parts: list[bytes] = []
        size = 0
        while True:
            text = (yield from self._line()).split(b";", 1)[0].strip()
            try:
                length = int(text, 16) if text.isalnum() else -1
            except ValueError:
                length = -1
            if length < 0:
                raise Broken(layout.FRAMING, f"not the size of a chunk: {text[:40]!r}")
            if length == 0:
                break
            size += length
            parts.append((yield from self._take(length, "a chunk", size)))
            if (yield from self._line()):
                raise Broken(layout.FRAMING, "a chunk is longer than its size")
        while (yield from self._line()):  # trailers
            pass
        return b"".join(parts)

    def _line(self) -> Generator[None, bytes, bytes]:
        end = self._buffer.find(b"\r\n")
        while end < 0:
            if len(self._buffer) > _MOST_HEAD:
                raise Broken(layout.FRAMING, "a line of the chunked body does not end")
            yield from self._more("a chunk")
            end = self._buffer.find(b"\r\n")
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _take(self, length: int, what: str, total: int = 0) -> Generator[None, bytes, bytes]:
        if max(length, total) > _MOST_BODY:
            raise Broken(layout.FRAMING, f"an answer of more than {_MOST_BODY} bytes")
        if len(self._buffer) < length:
            parts, have = [self._buffer], len(self._buffer)
            while have < length:
                self._buffer = b""
                yield from self._more(f"{what} ({have} of {length} bytes had come)")
                parts.append(self._buffer)
                have += len(self._buffer)
            self._buffer = b"".join(parts)
        taken, self._buffer = self._buffer[:length], self._buffer[length:]
        return taken

    def _to_the_end(self) -> Generator[None, bytes, bytes]:
        parts, have = [self._buffer], len(self._buffer)
        while have <= _MOST_BODY:
            data = yield
            if not data:
                self._buffer = b""
                return b"".join(parts)
            parts.append(data)
            have += len(data)
        raise Broken(layout.FRAMING, f"an answer of more than {_MOST_BODY} bytes")

    def _more(self, inside: str = "") -> Generator[None, bytes, None]:
        data = yield
        if not data:
            where = f" inside {inside}" if inside else " before a whole answer had come"
            raise Broken(layout.CLOSED, f"the connection was closed{where}")
        self._buffer += data


def _digits(text: bytes, length: int | None = None) -> bool:
    return text.isdigit() and len(text) <= 18 and (length is None or len(text) == length)


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon or not name or name != name.strip():
        raise Broken(layout.FRAMING, f"not a header: {line[:60]!r}")
    return name.decode("latin-1").lower(), value.strip().decode("latin-1")
