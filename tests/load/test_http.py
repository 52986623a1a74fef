"""The lean client: strict about framing, bounded in time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from harness.load.locustside.http import Broken, Client, encode

_REQUEST = encode("POST", "/predict", "127.0.0.1:1", {"X-A": "b"}, b"{}")
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def _answering(answers: list[bytes], then_close: bool = True) -> Iterator[Client]:
    """A server that gives each connection the next answer to its first request."""
    server = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def work() -> None:
        for answer in answers:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            held.append(connection)
            connection.recv(65536)
            connection.sendall(answer)
            if then_close:
                connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    client = Client("127.0.0.1", server.getsockname()[1], timeout=0.5)
    try:
        yield client
    finally:
        client.close()
        server.close()
        thread.join(5)
        for connection in held:
            connection.close()


def test_a_request_is_framed_by_us_and_not_by_its_headers() -> None:
    data = encode("POST", "/p", "h:1", {"content-length": "9", "Connection": "x", "A": "b"}, b"12")
    assert data == b"POST /p HTTP/1.1\r\nHost: h:1\r\nA: b\r\nContent-Length: 2\r\n\r\n12"


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (_OK, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + _OK, b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n",
            b"abcde",
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_every_framing_is_understood(answer: bytes, body: bytes) -> None:
    with _answering([answer]) as client:
        assert client.ask(_REQUEST).body == body


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "closed without an answer|closed before"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closed before a whole answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "5 of 9 bytes had come"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "not a number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "more than"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok", "more bytes came"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "size of a chunk"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "not a header"),
        (b"SSH-2.0-x\r\n\r\n", "status line"),
    ],
)
def test_a_broken_answer_is_named(answer: bytes, why: str) -> None:
    with _answering([answer]) as client, pytest.raises(Broken, match=why):
        client.ask(_REQUEST)


def test_an_answer_that_does_not_come_ends_at_the_timeout() -> None:
    with (
        _answering([b"HTTP/1.1 200 OK\r\n"], then_close=False) as client,
        pytest.raises(Broken, match=r"no whole answer within 0\.5 s"),
    ):
        client.ask(_REQUEST)


def test_nobody_listening_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Broken, match="no connection: Connection refused"):
        Client("127.0.0.1", port, 1.0).ask(_REQUEST)


def test_a_kept_connection_that_was_closed_is_replaced_unseen() -> None:
    with _answering([_OK, _OK]) as client:
        assert client.ask(_REQUEST).body == b"ok"
        assert client.ask(_REQUEST).body == b"ok"


def test_connections_are_kept(serve: Callable[..., object]) -> None:
    running = serve(delay=0)
    port = int(getattr(running, "base_url").rpartition(":")[2])
    client = Client("127.0.0.1", port, 1.0)
    for _ in range(3):
        assert client.ask(_REQUEST).status == 200
    assert len(client._pool) == 1
    client.close()
