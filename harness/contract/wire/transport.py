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

from harness.contract.wire import http1
from harness.contract.wire.sending import before_body, reason, transmit
from harness.errors import ConfigError

ACCEPTED = "application/json"  # where a request does not say otherwise
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
    chunked: bool = False  # sent with Transfer-Encoding: chunked


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Nothing in it is decoded."""

    status: int  # 0: there was no status
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    seconds: float = 0.0  # from connecting or sending to the last byte
    error: str | None = None  # why there is no complete answer
    layer: Layer = Layer.RESPONSE  # where it broke, or how far the status says that it came
    minor: int = 1  # HTTP/1.`minor`
    surplus: int = 0  # bytes that came after the end of the answer
    cut: bool = False  # reset while the body was on its way unasked: an answer may have been lost
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
        self._kept = False  # whether something may be left over on the connection

    @property
    def is_open(self) -> bool:
        """Whether the next request goes over the connection of the last one."""
        return self._sock is not None

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

    def send(
        self, prepared: Prepared, timeout: float | None = None, *, keep: bool = False
    ) -> Answer:
        """As the function `send`.

        After a refusal many servers close without saying so, so that the connection is left. With
        `keep` it is not, where the server says that it stays open: whatever the refused request
        left on it shows in the next answer.
        """
        began = time.monotonic()
        deadline = began + (self._timeout if timeout is None else timeout)
        self._drop_if_stale()
        reused = self._sock is not None
        answer = self._exchange(prepared, began, deadline, keep)
        # A server may close a connection that it kept open at any time (RFC 9112 section 9.3.1),
        # so only a new connection that is dropped says something about this request.
        if reused and answer.layer is Layer.CONNECTION:
            self.close()
            again = self._exchange(prepared, began, deadline, keep)
            return replace(again, retried=True)
        return answer

    def _drop_if_stale(self) -> None:
        if self._sock is not None and not self._kept:
            if select.select([self._sock], [], [], 0)[0]:
                self.close()

    def _exchange(self, prepared: Prepared, began: float, deadline: float, keep: bool) -> Answer:
        try:
            sock = self._sock or self._connect(deadline)
        except (OSError, http1.TooSlow) as problem:
            error = f"no connection: {reason(problem)}"
            return Answer(0, (), b"", time.monotonic() - began, error, Layer.CONNECTION)
        self._sock = sock
        talk = _Talk(http1.Stream(sock, deadline))
        try:
            body, stays = talk.held(prepared, self._target, self._max_bytes)
        except http1.WireError as problem:
            self.close()
            error, layer = talk.explain(problem, deadline - began)
            found = Answer(talk.head.status, talk.head.headers, problem.partial)
            return replace(
                found,
                seconds=time.monotonic() - began,
                error=error,
                layer=layer,
                cut=talk.sent and not talk.asked and talk.is_reset(problem),
            )
        head, surplus = talk.head, len(talk.stream.buffer)
        self._kept = keep
        if talk.unsent or surplus or not stays or not (keep or 200 <= head.status < 300):
            self.close()
        seconds, layer = time.monotonic() - began, layer_of(head.status)
        return Answer(head.status, head.headers, body, seconds, None, layer, head.minor, surplus)

    def _connect(self, deadline: float) -> socket.socket:
        left = deadline - time.monotonic()
        if left <= 0:
            raise http1.TooSlow("the time is up")
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

    def raw(self, prepared: Prepared) -> tuple[bytes, bytes]:
        """The bytes of the request: its head, and its body."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        fields = {
            "Host": f"{host}:{self.port}",
            "User-Agent": "releasegate",
            "Accept": ACCEPTED,
            "Accept-Encoding": "identity",
            **prepared.headers,
        }
        if prepared.chunked:
            fields["Transfer-Encoding"] = "chunked"
        elif prepared.body or prepared.method not in ("GET", "HEAD"):
            fields.setdefault("Content-Length", str(len(prepared.body)))
        lines = [f"{prepared.method} {self.prefix}{prepared.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        body = http1.in_chunks(prepared.body) if prepared.chunked else prepared.body
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n", body


@dataclass(slots=True)
class _Talk:
    """One request and its answer on a connection, as far as they came."""

    stream: http1.Stream
    head: http1.Head = field(default_factory=lambda: http1.Head(1, 0))
    unsent: str = ""  # why the request was not sent whole
    sent: bool = False  # whether any of its body was
    asked: bool = False  # whether the server said 100 Continue

    def held(self, prepared: Prepared, target: _Target, most: int) -> tuple[bytes, bool]:
        """The body of the answer, and whether the connection stays open. Raises WireError."""
        head, body = target.raw(prepared)
        if "Expect" in prepared.headers:
            self._expect(head, body)
        else:
            self.sent, self.unsent = bool(body), transmit(self.stream, head + body)
        if not self.head.status:
            self.head = http1.read_head(self.stream)
        return http1.read_body(self.stream, self.head, prepared.method, most)

    def _expect(self, head: bytes, body: bytes) -> None:
        self.unsent = transmit(self.stream, head)
        first = before_body(self.stream)
        if first is not None and first.status >= 200:
            self.head, self.unsent = first, "the server did not ask for the body"
            return
        self.sent, self.asked = bool(body), first is not None
        self.unsent = transmit(self.stream, body)

    def is_reset(self, problem: http1.WireError) -> bool:
        """Whether the server went away, and not only fell silent."""
        return isinstance(problem, http1.Broken) or (
            bool(self.unsent) and isinstance(problem, http1.Closed)
        )

    def explain(self, problem: http1.WireError, allowed: float) -> tuple[str, Layer]:
        """Why there is no whole answer, and where it broke; `allowed` in seconds."""
        why = f" ({self.unsent})" if self.unsent else ""
        if self.head.status or self.stream.buffer:
            return f"{problem}{why}", Layer.RESPONSE
        if isinstance(problem, http1.TooSlow):
            return f"no answer within {allowed:.3g} s{why}", Layer.INFERENCE
        if isinstance(problem, http1.Closed):
            return f"{problem} without an answer{why}", Layer.CONNECTION
        return f"{problem}{why}", Layer.RESPONSE


def layer_of(status: int) -> Layer:
    """How far a valid request came that was answered with `status`."""
    if 300 <= status < 400 or status in (404, 405, 501):
        return Layer.ROUTING
    if 400 <= status < 500:
        return Layer.PARSING
    return Layer.INFERENCE if status >= 500 else Layer.RESPONSE
