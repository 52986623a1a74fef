"""The listening socket, as the kernel tells of it."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from harness.lifecycle.door import Door, listens

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"

linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def tables(tmp_path: Path, tcp: str = "", tcp6: str = "") -> Path:
    """A /proc with one process, 7."""
    folder = tmp_path / "7" / "net"
    folder.mkdir(parents=True)
    (folder / "tcp").write_text(HEAD + tcp, encoding="ascii")
    (folder / "tcp6").write_text(HEAD + tcp6, encoding="ascii")
    return tmp_path


def test_a_listening_socket_of_the_port_is_found_in_either_table(tmp_path: Path) -> None:
    four = "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0\n"
    six = f"   0: {'0' * 32}:1F91 {'0' * 32}:0000 0A 00000000:00000000 00:00000000 00000000 0\n"
    proc = tables(tmp_path, four, six)
    assert [listens(7, port, proc) for port in (8080, 8081, 8082)] == [True, True, False]


def test_a_connection_is_no_listening_socket(tmp_path: Path) -> None:
    made = "   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000 0\n"
    assert not listens(7, 8080, tables(tmp_path, made))


def test_without_the_process_nothing_listens(tmp_path: Path) -> None:
    assert not listens(7, 8080, tmp_path)


@linux
def test_the_moment_of_closing_lies_between_two_looks() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    with Door(os.getpid(), server.getsockname()[1]) as door:
        before = time.monotonic()
        server.close()
        after = time.monotonic()
        while door.closed is None and time.monotonic() < after + 10:
            time.sleep(0.005)
    assert door.closed is not None
    assert door.closed.open_until <= after
    assert door.closed.closed_from >= before


@linux
def test_a_port_that_stays_open_or_never_was_is_not_seen_to_close() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with Door(os.getpid(), port) as stays:
            pass
    with Door(os.getpid(), port) as never, Door(None, port) as nobody:
        pass
    assert (stays.closed, never.closed, nobody.closed) == (None, None, None)
