"""For authors of checks: a fake endpoint on loopback, to test a check as a plain function."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase

from harness.model import Exit, Usage
from harness.runtime import FirstProcess


@dataclass(frozen=True, slots=True)
class Reply:
    """What a fake endpoint answers."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


Handler = Callable[[str, str, bytes], Reply]  # (method, path, body) -> Reply


@dataclass
class FakeEndpoint:
    """An Endpoint whose answers come from a function in this process."""

    base_url: str
    text: str = ""
    used: Usage = field(default_factory=lambda: Usage(at=time.monotonic()))
    ended: Exit | None = None
    first: FirstProcess | None = None
    on_stop: Callable[[], None] = lambda: None

    def running(self) -> bool:
        """True until it was stopped."""
        return self.ended is None

    def logs(self) -> str:
        """The text that the test gave it."""
        return self.text

    def usage(self) -> Usage:
        """The usage that the test gave it."""
        return self.used

    def exit(self) -> Exit | None:
        """How it ended."""
        return self.ended

    def stop(self, grace: float) -> Exit:
        """End at once with code 0."""
        self.on_stop()
        self.ended = self.ended or Exit(code=0, seconds=0.0)
        return self.ended

    def bind(self, processors: Sequence[int]) -> None:
        """Nothing to bind."""

    def pause(self) -> None:
        """Nothing to pause."""

    def unpause(self) -> None:
        """Nothing was paused."""

    def restart(self) -> None:
        """It runs again, where its server still does."""
        self.ended = None

    def first_process(self) -> FirstProcess | None:
        """What the test gave it."""
        return self.first

    def remove(self) -> None:
        """Nothing to remove."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with the usual 5, parallel clients wait a second to connect


def _chunks(stream: BufferedIOBase) -> bytes:
    body = b""
    while size := int(stream.readline().partition(b";")[0], 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body


@contextmanager
def serve(answer: Handler) -> Iterator[FakeEndpoint]:
    """Serve `answer` on a free port of 127.0.0.1 while the block runs; HTTP/1.1 with keep-alive."""

    class _Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            chunked = self.headers.get("Transfer-Encoding") == "chunked"
            length = int(self.headers.get("Content-Length") or 0)
            body = _chunks(self.rfile) if chunked else self.rfile.read(length)
            reply = answer(self.command, self.path, body)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body if self.command != "HEAD" else b"")

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Tests read assertions, not access logs."""

    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield FakeEndpoint(f"http://127.0.0.1:{server.server_address[1]}", on_stop=server.shutdown)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
