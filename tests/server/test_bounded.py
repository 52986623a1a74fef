"""The head of a request is bounded in size and in time, before the application is asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from harness.server import bounded


@contextmanager
def connected(client: httpx.Client) -> Iterator[socket.socket]:
    """A bare connection to the service of a client."""
    address = (client.base_url.host, client.base_url.port)
    with socket.create_connection(address, timeout=8) as line:
        yield line


@pytest.fixture
def line(one_pass: httpx.Client) -> Iterator[socket.socket]:
    """A bare connection to the service."""
    with connected(one_pass) as line:
        yield line


def answer(line: socket.socket) -> bytes:
    """All that comes until the other end closes."""
    parts = []
    try:
        while part := line.recv(65536):
            parts.append(part)
    except ConnectionResetError:  # it closed while we were still sending
        pass
    return b"".join(parts)


def test_a_head_of_more_than_64_kib_is_refused_and_not_kept(line: socket.socket) -> None:
    line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ")
    with pytest.raises(OSError, match="reset|Broken pipe"):  # it has hung up
        for _ in range(1000):
            line.sendall(b"x" * 65536)


def test_a_long_path_is_refused_likewise(line: socket.socket) -> None:
    line.sendall(b"GET /" + b"x" * 70_000)
    assert answer(line).startswith(b"HTTP/1.1 431 ")


def test_a_head_that_never_ends_is_given_up(
    one_pass: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_LONGEST", 0.2)
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(one_pass) as line:
        line.sendall(whole)
        assert line.recv(65536).startswith(b"HTTP/1.1 200 ")
        line.sendall(whole[:20])
        assert answer(line) == b""


def test_a_body_that_nobody_waits_for_does_not_drip_for_ever(
    one_pass: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_BODY", 0.2)
    head = b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    with connected(one_pass) as line:
        line.sendall(head + b"{")
        assert answer(line).startswith(b"HTTP/1.1 415 ")  # at once; and then it is closed


def test_who_does_not_take_the_answer_is_hung_up_on(
    one_pass: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_UNREAD", 0.2)
    request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(one_pass) as line:
        with pytest.raises(OSError, match="reset|Broken pipe"):
            while True:  # until what it answers fills every buffer, and after that
                line.sendall(request * 100)


def test_a_connection_on_which_nothing_is_asked_is_closed(
    one_pass: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_LONGEST", 0.2)
    with connected(one_pass) as line:
        assert answer(line) == b""


def test_requests_after_one_another_are_each_counted_anew(line: socket.socket) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 30_000 + b"\r\n\r\n"
    for _ in range(4):
        line.sendall(request)
        assert line.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_what_is_no_http_is_a_400(line: socket.socket) -> None:
    line.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
    assert answer(line).startswith(b"HTTP/1.1 400 ")
