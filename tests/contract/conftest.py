"""Fixtures of the contract tests: a gate from its text, and a server that says raw bytes."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.config import Gate, load


@pytest.fixture
def make_gate(tmp_path: Path) -> Callable[..., Gate]:
    """make_gate(contract, **files): a gate whose [contract] is this text, beside these files."""

    def make(contract: str, rest: str = "", **files: str) -> Gate:
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text, encoding="utf-8")
        text = 'version = 1\n[candidate]\nname = "m"\nurl = "http://127.0.0.1:1"\n'
        path = tmp_path / "gate.toml"
        path.write_text(f"{text}[contract]\n{contract}\n{rest}", encoding="utf-8")
        return load(path)

    return make


class _Listener:
    """Answers connection n with the bytes of n, and all further ones with the last."""

    def __init__(self, answers: tuple[bytes, ...], hold: bool) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self._answers = answers
        self._hold = hold
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Wait for every connection to end."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        for count in itertools.count():
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            data = self._answers[min(count, len(self._answers) - 1)]
            thread = threading.Thread(target=self._answer, args=(conn, data), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _answer(self, conn: socket.socket, data: bytes) -> None:
        with conn, contextlib.suppress(OSError):
            conn.settimeout(5)
            conn.recv(65536)
            conn.sendall(data)
            if self._hold:
                conn.recv(65536)


@pytest.fixture
def raw_server() -> Iterator[Callable[..., str]]:
    """raw_server(bytes, ...): URL of a server that answers connection n with the bytes of n.

    The last answer is given to all further connections. With hold=True a connection stays open
    until the other side sends again or closes.
    """
    listeners: list[_Listener] = []

    def start(*answers: bytes, hold: bool = False) -> str:
        listeners.append(_Listener(answers, hold))
        return listeners[-1].url

    yield start
    for listener in listeners:
        listener.close()
