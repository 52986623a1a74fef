"""Wires and the client on them, against servers that behave in every way but the right one."""

from __future__ import annotations

import resource
import socket
import struct
from collections.abc import Callable
from typing import Any

import gevent
import pytest

from harness.load.locustside import layout
from harness.load.locustside.client import Client, Exchange
from harness.load.locustside.http import Broken, encode

Answering = Callable[..., str]

_REQUEST = encode("POST", "/predict", "127.0.0.1:1", {"X-A": "b"}, b"{}")
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def _scripted(*answers: bytes, close: bool = True) -> Callable[[Any], None]:
    """For each connection: an answer to each of its requests, then the end."""

    def handle(connection: Any) -> None:
        for answer in answers:
            if not connection.recv(65536):
                return
            connection.sendall(answer)
        if not close:
            connection.recv(65536)
            gevent.sleep(30)

    return handle


def _why(exchange: Exchange) -> tuple[int, str]:
    assert isinstance(exchange.answer, Broken)
    return exchange.answer.why, str(exchange.answer)


def _body(exchange: Exchange) -> bytes:
    assert not isinstance(exchange.answer, Broken)
    return exchange.answer[1]


def test_connections_are_kept(answering: Answering) -> None:
    client = Client(answering(_scripted(_OK, _OK, _OK)))
    went = [client.ask(_REQUEST) for _ in range(3)]
    assert [_body(exchange) for exchange in went] == [b"ok"] * 3
    assert [exchange.marks for exchange in went] == [layout.CONNECTED, 0, 0]
    client.close()


def test_a_kept_connection_that_was_closed_is_replaced_unseen(answering: Answering) -> None:
    client = Client(answering(_scripted(_OK)))
    assert _body(client.ask(_REQUEST)) == b"ok"
    gevent.sleep(0.01)  # the end of the stream is noticed while nothing is asked
    second = client.ask(_REQUEST)
    assert (_body(second), second.marks) == (b"ok", layout.CONNECTED)


def test_a_request_on_a_connection_that_ends_meanwhile_goes_out_again_once(
    answering: Answering,
) -> None:
    def handle(connection: Any) -> None:
        connection.recv(65536)
        connection.sendall(_OK)
        connection.recv(65536)  # the next request is read and never answered

    client = Client(answering(handle))
    client.ask(_REQUEST)
    second = client.ask(_REQUEST)
    assert _body(second) == b"ok"
    assert second.marks == layout.RETRIED | layout.CONNECTED


def test_an_answer_in_many_pieces_is_put_together(answering: Answering) -> None:
    def handle(connection: Any) -> None:
        while connection.recv(65536):
            for piece in (_OK[:9], _OK[9:-1], _OK[-1:]):
                connection.sendall(piece)
                gevent.sleep(0.002)

    client = Client(answering(handle))
    assert [_body(client.ask(_REQUEST)) for _ in range(3)] == [b"ok"] * 3


@pytest.mark.parametrize("rows", [b"x", b"y" * 3_000_000])
def test_a_large_request_and_a_large_answer_pass(answering: Answering, rows: bytes) -> None:
    def handle(connection: Any) -> None:
        with connection.makefile("rb") as file:
            while file.readline() != b"\r\n":
                pass
            body = file.read(len(rows))
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    client = Client(answering(handle))
    assert _body(client.ask(encode("POST", "/", "h:1", {}, rows))) == rows


def test_more_than_the_framing_announced_is_an_error_also_where_the_head_is_known(
    answering: Answering,
) -> None:
    client = Client(answering(_scripted(_OK, _OK + b"!")))
    assert _body(client.ask(_REQUEST)) == b"ok"
    assert _why(client.ask(_REQUEST)) == (
        layout.FRAMING,
        "more bytes came than the answer's framing announced",
    )


@pytest.mark.parametrize(
    ("answer", "why", "text"),
    [
        (b"", layout.CLOSED, "the connection was closed without an answer"),
        (_OK[:-1], layout.CLOSED, "(1 of 2 bytes had come)"),
        (b"SSH-2.0-x\r\n\r\n", layout.FRAMING, "not an HTTP/1.1 status line"),
    ],
)
def test_no_answer_is_told_from_half_of_one_and_a_wrong_one(
    answering: Answering, answer: bytes, why: int, text: str
) -> None:
    found, said = _why(Client(answering(_scripted(answer))).ask(_REQUEST))
    assert found == why
    assert text in said


def test_a_reset_is_told_from_an_end(answering: Answering) -> None:
    def handle(connection: Any) -> None:
        connection.recv(65536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    assert _why(Client(answering(handle)).ask(_REQUEST)) == (
        layout.RESET,
        "the connection broke: Connection reset by peer",
    )


def test_nobody_listening_is_a_refusal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    exchange = Client(f"http://127.0.0.1:{port}").ask(_REQUEST)
    assert _why(exchange) == (layout.REFUSED, "no connection: Connection refused")
    assert exchange.marks == layout.CONNECTED


def test_a_machine_out_of_descriptors_is_no_fault_of_the_server(answering: Answering) -> None:
    client = Client(answering(_scripted(_OK)))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        exchange = client.ask(_REQUEST)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert _why(exchange) == (layout.OTHER, "no connection: Too many open files")
    assert isinstance(exchange.answer, Broken)
    assert exchange.answer.ours


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\n", b""])
def test_an_answer_that_does_not_end_in_time_is_given_up(
    answering: Answering, beginning: bytes
) -> None:
    client = Client(answering(_scripted(beginning, close=False)), timeout=0.1)
    assert _why(client.ask(_REQUEST)) == (layout.TIMEOUT, "no whole answer within 0.1 s")


def test_a_server_that_does_not_read_is_given_up(answering: Answering) -> None:
    client = Client(answering(lambda connection: gevent.sleep(30)), timeout=0.1)
    exchange = client.ask(encode("POST", "/", "h:1", {}, bytes(20_000_000)))
    assert _why(exchange)[0] == layout.TIMEOUT
    assert exchange.service >= 0.1


def test_an_answer_before_the_whole_request_was_read_counts_and_ends_the_connection(
    answering: Answering,
) -> None:
    def handle(connection: Any) -> None:
        connection.recv(1000)
        connection.sendall(_OK)
        gevent.sleep(30)

    client = Client(answering(handle))
    large = encode("POST", "/", "h:1", {}, bytes(20_000_000))
    first, second = client.ask(large), client.ask(_REQUEST)
    assert (_body(first), _body(second)) == (b"ok", b"ok")
    assert second.marks == layout.CONNECTED


def test_whoever_is_killed_while_waiting_leaves_no_half_answer_behind(
    answering: Answering,
) -> None:
    client = Client(answering(_scripted(_OK, _OK, close=False)))
    waiting = gevent.spawn(client.ask, _REQUEST)
    gevent.sleep(0)
    waiting.kill()
    after = client.ask(_REQUEST)
    assert (_body(after), after.marks) == (b"ok", layout.CONNECTED)
