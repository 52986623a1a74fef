"""Requests held in flight, against servers that read them in their own ways."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.contract import Prepared
from harness.lifecycle.held import finish_all, hold

REQUEST = Prepared("POST", "/predict", {"Content-Type": "application/json"}, b'["good"]')
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@contextmanager
def server(talk: Callable[[socketserver.StreamRequestHandler, bytes], None]) -> Iterator[str]:
    """A server that reads the head of a request and then does as `talk` does."""

    class Talking(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return
                head += line
            talk(self, head.lower())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Talking) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()


def whole(handler: socketserver.StreamRequestHandler, head: bytes) -> None:
    """Says 100 Continue where it is asked for, reads the body, and answers."""
    if b"expect: 100-continue" in head:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    handler.rfile.read(len(REQUEST.body))
    handler.wfile.write(ANSWER)


def plain(handler: socketserver.StreamRequestHandler, head: bytes) -> None:
    """Knows no 100 Continue."""
    handler.rfile.read(len(REQUEST.body))
    handler.wfile.write(ANSWER)


def hasty(handler: socketserver.StreamRequestHandler, head: bytes) -> None:
    """Answers as soon as it has the head."""
    handler.wfile.write(ANSWER)


def dropping(handler: socketserver.StreamRequestHandler, head: bytes) -> None:
    """Takes the request up, and never answers it."""
    handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    handler.rfile.read(len(REQUEST.body))


def held_by(talk: Callable[[socketserver.StreamRequestHandler, bytes], None]) -> list[str]:
    """Why each request that this server could be made to hold was lost; "" where it was not."""
    with server(talk) as url:
        held = hold(url, (REQUEST,))
        finish_all(held, 5.0)
    return [one.lost for one in held]


def test_two_are_held_where_the_server_says_that_it_reads_them() -> None:
    assert held_by(whole) == ["", ""]


def test_one_is_held_where_only_its_idleness_tells_that_it_reads() -> None:
    assert held_by(plain) == [""]


def test_none_is_held_where_the_answer_comes_before_the_body() -> None:
    assert held_by(hasty) == []


def test_what_was_held_and_not_answered_is_lost_with_the_reason() -> None:
    assert (
        held_by(dropping)
        == ["RemoteDisconnected: Remote end closed connection without response"] * 2
    )


def test_a_request_without_a_body_cannot_be_held() -> None:
    assert hold("http://127.0.0.1:1", (Prepared("GET", "/predict", {}, b""),)) == []
