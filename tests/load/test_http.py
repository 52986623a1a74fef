"""HTTP without sockets: strict about framing, whatever the pieces in which it comes."""

from __future__ import annotations

import pytest

from harness.load.locustside import layout
from harness.load.locustside.http import Broken, Head, Reader, encode, parse_head

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def _read(data: bytes, size: int, head: bool = False) -> tuple[Head, bytes, bool]:
    """Feed it in pieces of a size, then end the stream."""
    reader = Reader(head)
    for start in range(0, len(data), size):
        whole = reader.feed(data[start : start + size])
        if whole is not None:
            return whole
    whole = reader.feed(b"")
    assert whole is not None
    return whole


def test_a_request_is_framed_by_us_and_not_by_its_headers() -> None:
    data = encode("POST", "/p", "h:1", {"content-length": "9", "Connection": "x", "A": "b"}, b"12")
    assert data == b"POST /p HTTP/1.1\r\nHost: h:1\r\nA: b\r\nContent-Length: 2\r\n\r\n12"


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize(
    ("answer", "body", "keep"),
    [
        (_OK, b"ok", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + _OK, b"ok", True),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n",
            b"abcde",
            True,
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", b"a", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", b"a", False),
    ],
)
def test_every_framing_is_understood(answer: bytes, body: bytes, keep: bool, size: int) -> None:
    assert _read(answer, size)[1:] == (body, keep)


def test_the_answer_to_head_has_no_body() -> None:
    head, body, keep = _read(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", 5, head=True)
    assert (head.status, body, keep) == (200, b"", True)


@pytest.mark.parametrize(
    ("answer", "why", "text"),
    [
        (b"", layout.CLOSED, "closed before"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", layout.CLOSED, "closed before a whole answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", layout.CLOSED, "5 of 9 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", layout.FRAMING, "not a number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", layout.FRAMING, "more than"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok", layout.FRAMING, "more bytes came"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
            layout.FRAMING,
            "two different Content-Length",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            layout.FRAMING,
            "size of a chunk",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
            layout.FRAMING,
            "longer than its size",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            layout.FRAMING,
            "unknown Transfer-Encoding",
        ),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", layout.FRAMING, "not a header"),
        (b"SSH-2.0-x\r\n\r\n", layout.FRAMING, "status line"),
        (b"x" * 70_000, layout.FRAMING, "bytes of headers"),
    ],
)
def test_a_broken_answer_is_named(answer: bytes, why: int, text: str) -> None:
    with pytest.raises(Broken, match=text) as raised:
        _read(answer, 4096)
    assert raised.value.why == why


def test_only_a_usual_head_tells_the_length_of_its_body() -> None:
    lengths = [
        parse_head(head).length
        for head in (
            b"HTTP/1.1 200 OK\r\nContent-Length: 12",
            b"HTTP/1.1 201 Created\r\nContent-Length: 12",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 12",
            b"HTTP/1.1 200 OK",
        )
    ]
    assert lengths == [12, -1, -1, -1, -1]
