"""One request out, one answer back, bounded in time and size, and the layer where it broke."""

from __future__ import annotations

import select
import socket
import ssl
import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from harness.contract import wire
from harness.errors import ConfigError

MAX_BYTES = 16 * 1024 * 1024
TIMEOUT = 10.0  # seconds for one exchange, from connecting to the last byte


class Layer(StrEnum):
    """How far a request came."""

    CONNECTION = "connection"
    ROUTING = "routing"
    PARSING = "request parsing"
    INFERENCE = "inference"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request, ready to be sent."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Nothing in it is decoded."""

    status: int  # 0: there was no status
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    seconds: float = 0.0  # from connecting or sending to the last byte
    error: str | None = None  # why there is no complete answer
    layer: Layer = Layer.RESPONSE  # where it broke, or how far the status says that it came
    surplus: int = 0  # bytes that came after the end of the answer
    retried: bool = False  # a kept-open connection was dropped without a byte: sent once more

    def header(self, name: str) -> str | None:
        """The first value of a header, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


def send(
    base_url: str, prepared: Prepared, timeout: float = TIMEOUT, max_bytes: int = MAX_BYTES
) -> Answer:
    """Send one request over its own connection. No network trouble raises: see `Answer.error`.

    `timeout` in seconds bounds the whole exchange, `max_bytes` the body. Redirects are not
    followed and contents not decoded. Raises ConfigError for a URL that is none.
    """
    with Client(base_url, timeout, max_bytes) as client:
        return client.send(prepared)


class Client:
    """Sends requests one after the other, over one connection where the server keeps it open."""

    def __init__(self, base_url: str, timeout: float = TIMEOUT, max_bytes: int = MAX_BYTES) -> None:
        self._target = _Target.of(base_url)
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._sock: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def send(self, prepared: Prepared, timeout: float | None = None) -> Answer:
        """As the function `send`."""
        began = time.monotonic()
        deadline = began + (self._timeout if timeout is None else timeout)
        self._drop_if_stale()
        reused = self._sock is not None
        answer = self._exchange(prepared, began, deadline)
        # A server may close a connection that it kept open at any time (RFC 9112 section 9.3.1),
        # so only a new connection that is dropped says something about this request.
        if reused and answer.layer is Layer.CONNECTION:
            self.close()
            again = self._exchange(prepared, began, deadline)
            return replace(again, retried=True)
        return answer

    def _drop_if_stale(self) -> None:
        if self._sock is not None and select.select([self._sock], [], [], 0)[0]:
            self.close()

    def _exchange(self, prepared: Prepared, began: float, deadline: float) -> Answer:
        try:
            sock = self._sock or self._connect(deadline)
        except (OSError, wire.TooSlow) as problem:
            error = f"no connection: {_reason(problem)}"
            return Answer(0, (), b"", time.monotonic() - began, error, Layer.CONNECTION)
        self._sock = sock
        stream = wire.Stream(sock, deadline)
        unsent = _transmit(sock, self._target.raw(prepared), stream)
        head = wire.Head(1, 0)
        try:
            head = wire.read_head(stream)
            body, reusable = wire.read_body(stream, head, prepared.method, self._max_bytes)
        except wire.WireError as problem:
            self.close()
            error, layer = _explain(problem, head, stream, deadline - began)
            error += f" ({unsent})" if unsent else ""
            seconds = time.monotonic() - began
            return Answer(head.status, head.headers, problem.partial, seconds, error, layer)
        surplus = len(stream.buffer)
        if unsent or surplus or not reusable or not 200 <= head.status < 300:
            # After an error many servers close without saying so: start afresh.
            self.close()
        seconds = time.monotonic() - began
        layer = layer_of(head.status)
        return Answer(head.status, head.headers, body, seconds, None, layer, surplus)

    def _connect(self, deadline: float) -> socket.socket:
        left = deadline - time.monotonic()
        if left <= 0:
            raise wire.TooSlow("the time is up")
        sock = socket.create_connection((self._target.host, self._target.port), timeout=left)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._target.secure:
            return sock
        return ssl.create_default_context().wrap_socket(sock, server_hostname=self._target.host)


@dataclass(frozen=True, slots=True)
class _Target:
    host: str
    port: int
    prefix: str
    secure: bool

    @classmethod
    def of(cls, base_url: str) -> _Target:
        try:
            parts = urlsplit(base_url)
            secure = parts.scheme == "https"
            port = parts.port or (443 if secure else 80)
        except ValueError:
            parts = None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"{base_url!r} is no URL, expected one like 'http://127.0.0.1:5000'")
        return cls(parts.hostname, port, parts.path.rstrip("/"), secure)

    def raw(self, prepared: Prepared) -> bytes:
        """The bytes of the request."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        fields = {
            "Host": f"{host}:{self.port}",
            "User-Agent": "releasegate",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            **prepared.headers,
        }
        if prepared.body or prepared.method not in ("GET", "HEAD"):
            fields.setdefault("Content-Length", str(len(prepared.body)))
        lines = [f"{prepared.method} {self.prefix}{prepared.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + prepared.body


def layer_of(status: int) -> Layer:
    """How far a valid request came that was answered with `status`."""
    if 300 <= status < 400 or status in (404, 405, 501):
        return Layer.ROUTING
    if 400 <= status < 500:
        return Layer.PARSING
    return Layer.INFERENCE if status >= 500 else Layer.RESPONSE


def _transmit(sock: socket.socket, raw: bytes, stream: wire.Stream) -> str:
    """Send the request; why it could not be sent whole, or "". An answer may be there all the same:
    a server need not read what it refuses."""
    try:
        sock.settimeout(stream.remaining())
        sock.sendall(raw)
    except TimeoutError:
        return "the request was not read in time"
    except OSError as problem:
        return f"the request was not read: {_reason(problem)}"
    except wire.TooSlow:
        return "no time left to send the request"
    return ""


def _explain(
    problem: wire.WireError, head: wire.Head, stream: wire.Stream, allowed: float
) -> tuple[str, Layer]:
    if head.status or stream.buffer:
        return str(problem), Layer.RESPONSE
    if isinstance(problem, wire.TooSlow):
        return f"no answer within {allowed:.3g} s", Layer.INFERENCE
    if isinstance(problem, wire.Closed):
        return f"{problem} without an answer", Layer.CONNECTION
    return str(problem), Layer.RESPONSE


def _reason(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return "the time is up"
    return getattr(problem, "strerror", None) or str(problem)
