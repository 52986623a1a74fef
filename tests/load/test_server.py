"""What the wires to one server share."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest

from harness.load.locustside import server
from harness.load.locustside.http import Broken
from harness.load.locustside.server import Server


@pytest.fixture
def made() -> Iterator[Server]:
    """One that nobody asks."""
    one = Server("http://localhost:8080", gevent.get_hub().loop)
    yield one
    one.close()


def test_localhost_is_where_the_gate_publishes(made: Server) -> None:
    assert made.address == ("127.0.0.1", 8080)
    assert made.netloc == "localhost:8080"


def test_heads_that_never_come_again_do_not_pile_up(made: Server) -> None:
    for number in range(3 * server._MOST_HEADS):
        head = made.head(f"HTTP/1.1 200 OK\r\nX-Request: {number}\r\n\r\n".encode())
        assert head.headers == {"x-request": str(number)}
    assert len(made.heads) <= server._MOST_HEADS


def test_a_wrong_head_is_not_remembered(made: Server) -> None:
    with pytest.raises(Broken, match="status line"):
        made.head(b"SMTP ready\r\n\r\n")
    assert made.heads == {}
