"""HTTP for the services of this folder: strict about what comes in, careful about what goes out.

One thread for each connection, HTTP/1.1 with keep-alive. Every answer is JSON with a
Content-Length, errors too, whoever finds them. Used as `serve(routes, port)`, where `routes` says
for each path which methods it has.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import strict

LARGEST_BODY = 1024 * 1024  # bytes
DRAINED = 64 * 1024 * 1024  # bytes of a refused body that are read, so that the answer arrives
JSON = "application/json"


class Refused(Exception):
    """A request that is not answered, with the status that says why."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True)
class Request:
    """What came in: the body is whole, and not yet looked at."""

    method: str
    path: str
    headers: Message
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type in lower case; refused where its charset is not UTF-8."""
        if (self.headers.get_content_charset() or "utf-8") not in ("utf-8", "utf8", "us-ascii"):
            raise Refused(415, "the charset must be utf-8")
        given = "Content-Type" in self.headers
        return self.headers.get_content_type() if given else ""

    def json(self) -> Any:
        """The body as strict JSON."""
        if self.content_type != JSON:
            raise Refused(415, f"expected Content-Type: {JSON}")
        return strict_json(self.body)


@dataclass(frozen=True)
class Answer:
    """What goes out: a value to be written as JSON, or bytes as they are."""

    value: Any
    status: int = 200
    type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The bytes on the wire."""
        if isinstance(self.value, bytes):
            return self.value
        return json.dumps(self.value, ensure_ascii=False, allow_nan=False).encode()


Handler = Callable[[Request], Answer]
Routes = Mapping[str, Mapping[str, Handler]]  # path -> method -> what answers it
Failure = Callable[[int, str], Any]  # status and message -> body of the error


def strict_json(body: bytes) -> Any:
    """The value of a body; refused where it is not strict JSON."""
    if not body:
        raise Refused(400, "the body is empty")
    try:
        return strict.parse(body)
    except ValueError as problem:
        raise Refused(400, f"the body is not strict JSON: {problem}") from None


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30
    routes: Routes = {}
    failure: Failure
    server: _Server

    def _answer(self) -> None:
        with self.server.at_work():
            self._answered()

    def _answered(self) -> None:
        try:
            body = self._body()
            answer = self._route(body)
        except Refused as refused:
            answer = self._refusal(refused.status, refused.message, refused.headers)
        except OSError:  # it went away, or waits for ever
            self.close_connection = True
            return
        except Exception as problem:  # whatever it was, the caller learns only that it was ours
            print(f"{self.command} {self.path}: {problem!r}", file=sys.stderr, flush=True)
            answer = self._refusal(500, "the prediction failed", {})
        self._send(answer)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # every method, so that the path says which it has
            return self._answer
        raise AttributeError(name)

    def _route(self, body: bytes) -> Answer:
        path = unquote(self.path.partition("?")[0])
        methods = self.routes.get(path)
        if methods is None:
            raise Refused(404, "no such path")
        allowed = sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])})
        if self.command not in allowed:
            raise Refused(405, f"{self.command} is not allowed here", Allow=", ".join(allowed))
        if self.command == "OPTIONS":
            return Answer(b"", 204, headers={"Allow": ", ".join(allowed)})
        if not _acceptable(self.headers.get("Accept", "*/*")):
            raise Refused(406, f"only {JSON} can be given")
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refused(415, "the body must not be compressed", Accept_Encoding="identity")
        handler = methods["GET" if self.command == "HEAD" else self.command]
        return handler(Request(self.command, path, self.headers, body))

    def _body(self) -> bytes:
        """The whole body; where its end cannot be told, the connection ends with the answer."""
        if self.request_version == "HTTP/1.1" and "Host" not in self.headers:
            raise Refused(400, "the Host header is missing")
        coding = self.headers.get("Transfer-Encoding")
        lengths = self.headers.get_all("Content-Length", [])
        if coding is not None:
            self.close_connection = True
            if lengths or coding.lower() != "chunked":
                raise Refused(400, "a body has either a length or the coding chunked")
            body = self._chunks()
            self.close_connection = self.headers.get("Connection", "").lower() == "close"
            return body
        if len(set(lengths)) > 1 or not all(text.isascii() and text.isdigit() for text in lengths):
            self.close_connection = True
            raise Refused(400, "the Content-Length is not one number")
        length = int(lengths[0]) if lengths else 0
        if length > LARGEST_BODY:
            self._drain(length)
            raise Refused(413, f"the body is larger than {LARGEST_BODY} bytes")
        return self._exactly(length)

    def _chunks(self) -> bytes:
        found = bytearray()
        while True:
            size = self.rfile.readline(1024).partition(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError:
                raise Refused(400, "a chunk has no size") from None
            if length < 0 or len(found) + length > LARGEST_BODY:
                raise Refused(413, f"the body is larger than {LARGEST_BODY} bytes")
            if length == 0:
                break
            found += self._exactly(length)
            if self._exactly(2) != b"\r\n":
                raise Refused(400, "a chunk does not end where it said")
        for _ in range(100):  # trailers
            if self.rfile.readline(1024) in (b"\r\n", b"\n", b""):
                return bytes(found)
        raise Refused(400, "too many trailers")

    def _exactly(self, length: int) -> bytes:
        data = self.rfile.read(length)
        if len(data) != length:
            raise ConnectionError("the body ends early")
        return data

    def _drain(self, length: int) -> None:
        """Read what nobody wants: a client that still writes would not see the answer."""
        self.close_connection = True
        left, until = min(length, DRAINED), time.monotonic() + 2
        while left > 0 and time.monotonic() < until:
            data = self.rfile.read(min(left, 65536))
            left -= len(data) or left

    def _refusal(self, status: int, message: str, headers: Mapping[str, str]) -> Answer:
        return Answer(type(self).failure(status, message), status, headers=headers)

    def _send(self, answer: Answer) -> None:
        body = answer.body
        lines = [f"HTTP/1.1 {answer.status} {self.responses[answer.status][0]}"]
        if answer.status != 204:
            lines += [f"Content-Type: {answer.type}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines += ["Connection: close"] if self.close_connection else []
        head = "\r\n".join([*lines, "", ""]).encode("ascii")
        self.wfile.write(head if self.command == "HEAD" else head + body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library finds wrong with a request, told in our own way."""
        self.close_connection = True
        self.command = self.command or ""
        self._send(self._refusal(code, (message or self.responses[code][0]).partition(" (")[0], {}))

    def log_message(self, format: str, *args: object) -> None:
        """No log of requests: they hold what people wrote."""


def _acceptable(accept: str) -> bool:
    for one in accept.split(","):
        kind, *parameters = (part.strip().lower() for part in one.split(";"))
        refused = any(part in ("q=0", "q=0.0", "q=0.00", "q=0.000") for part in parameters)
        if kind in (JSON, "application/*", "*/*") and not refused:
            return True
    return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._working = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Counts a request as begun while the block runs."""
        with self._changed:
            self._working += 1
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    def finish(self, seconds: float) -> None:
        """Wait until what has begun is answered."""
        with self._changed:
            self._changed.wait_for(lambda: self._working == 0, seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


def plain_failure(status: int, message: str) -> Any:
    """The usual body of an error."""
    return {"error": message}


def serve(routes: Routes, port: int, failure: Failure = plain_failure) -> None:
    """Serve on 127.0.0.1 until SIGTERM; what has begun is answered."""
    connection = type(
        "Connection", (_Connection,), {"routes": routes, "failure": staticmethod(failure)}
    )
    server = _Server(("127.0.0.1", port), connection)
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    server.finish(5)
