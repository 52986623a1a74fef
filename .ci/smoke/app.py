"""The smallest service that is worth a pass: standard library only, {"text": ...} to its length."""

from __future__ import annotations

import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NoReturn

LARGEST_BODY = 64 * 1024


class Handler(BaseHTTPRequestHandler):
    """POST /length, GET /health, and 4xx with JSON for everything else."""

    def do_GET(self) -> None:
        """Health."""
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        else:
            self.wrong_route("POST")

    def do_POST(self) -> None:
        """The length of a text."""
        if self.path != "/length":
            self.wrong_route("GET")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self.answer(411, {"error": "expected Content-Length"})
        elif int(length) > LARGEST_BODY:
            self.answer(413, {"error": f"expected at most {LARGEST_BODY} bytes"})
        elif self.headers.get_content_type() != "application/json":
            self.answer(415, {"error": "expected Content-Type: application/json"})
        else:
            self.measure(self.rfile.read(int(length)))

    def do_other(self) -> None:
        """A method that no route has."""
        self.wrong_route("GET" if self.path == "/health" else "POST")

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_other

    def do_HEAD(self) -> None:
        """As for a method that no route has, without a body."""
        self.send_response(405)
        self.send_header("Allow", "GET" if self.path == "/health" else "POST")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def measure(self, body: bytes) -> None:
        """Answer a request whose body was read."""
        try:
            text = body.decode("utf-8")
            value = json.loads(text, parse_constant=refuse, object_pairs_hook=unique)
        except (ValueError, RecursionError) as problem:
            self.answer(400, {"error": f"not JSON: {problem}"})
            return
        match value:
            case {"text": str(text), **others} if not others:
                self.answer(200, {"length": len(text)})
            case _:
                self.answer(400, {"error": 'expected {"text": "..."}'})

    def wrong_route(self, allowed: str) -> None:
        """405 on a path that exists, 404 elsewhere."""
        if self.path in ("/health", "/length"):
            self.answer(405, {"error": "method not allowed"}, Allow=allowed)
        else:
            self.answer(404, {"error": "not found"})

    def answer(self, status: int, value: dict[str, Any], **headers: str) -> None:
        """Send `value` as JSON."""
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """No line a request."""


class Server(ThreadingHTTPServer):
    """A thread a request, all of which are waited for at the end."""

    daemon_threads = False
    request_queue_size = 128


def refuse(name: str) -> NoReturn:
    """NaN and Infinity are not JSON."""
    raise ValueError(f"it holds {name}")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Nor is a name twice in one object."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("it holds a name twice")
    return dict(pairs)


def main() -> None:
    """Serve on the port that is the first argument, until SIGTERM."""
    with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        stop = threading.Thread(target=server.shutdown)
        signal.signal(signal.SIGTERM, lambda *_: stop.start())
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
