"""Requests held in flight: everything but their last byte was sent, and the server reads them."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import urllib.parse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.contract import Prepared

_HELD = 2
_TAKEN_UP = 0.3  # seconds to say "100 Continue"
_SILENT = 0.15  # seconds without an answer, after which one is taken to wait for the rest


class Held:
    """A request of which everything but the last byte was sent."""

    def __init__(self, base_url: str, request: Prepared, expect: bool) -> None:
        parts = urllib.parse.urlsplit(base_url)
        address = (parts.hostname or "", parts.port or 80)
        self._socket = socket.create_connection(address, timeout=5.0)
        self._last = request.body[-1:]
        self.taken_up = False  # the server has said that it reads this request
        self.answered_early = False
        self.lost = ""  # why there is no answer
        headers = {
            "Host": parts.netloc,
            **request.headers,
            "Content-Length": str(len(request.body)),
            "Connection": "close",
            **({"Expect": "100-continue"} if expect else {}),
        }
        head = f"{request.method} {parts.path}{request.path} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        self._socket.sendall(head.encode("latin-1") + b"\r\n" + request.body[:-1])
        self._look(_TAKEN_UP if expect else _SILENT)

    def finish(self, grace: float) -> None:
        """Send the last byte and read the answer, `grace` seconds at most."""
        response = http.client.HTTPResponse(self._socket)
        try:
            self._socket.settimeout(grace)
            self._socket.sendall(self._last)
            response.begin()
            response.read(1 << 20)
            if response.status >= 400:
                self.lost = f"answered {response.status}"
        except TimeoutError:
            self.lost = f"no answer within {grace:g} s"
        except (OSError, http.client.HTTPException) as problem:
            self.lost = f"{type(problem).__name__}: {problem}".rstrip(": ")
        finally:
            response.close()
            self.close()  # as a client does: servers wait for it before they end

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _look(self, within: float) -> None:
        self._socket.settimeout(within)
        said = b""
        with contextlib.suppress(TimeoutError):
            while b"\r\n\r\n" not in said and len(said) < 4096:
                byte = self._socket.recv(1)
                if not byte:
                    self.answered_early = True
                    return
                said += byte
        self.taken_up = said.startswith((b"HTTP/1.1 100", b"HTTP/1.0 100"))
        self.answered_early = bool(said) and not self.taken_up


def hold(base_url: str, requests: Sequence[Prepared]) -> list[Held]:
    """Requests that the server has certainly begun to read; the candidate must be idle before.

    That is said by "100 Continue" (RFC 9110 section 10.1.1), or, of the first alone, known from
    the server being idle. One that may still wait in the listening queue is not held against it.
    """
    with_body = [request for request in requests if request.body]
    held: list[Held] = []
    for number, request in enumerate(with_body[:1] * _HELD):
        one = Held(base_url, request, expect=True)
        if one.answered_early and number == 0:
            one.close()  # it knows no "Expect"
            one = Held(base_url, request, expect=False)
        if not one.answered_early and (one.taken_up or number == 0):
            held.append(one)
        else:
            one.close()
    return held


def finish_all(held: Sequence[Held], grace: float) -> None:
    """Send what was kept back, of all at once, and wait for the answers."""
    threads = [threading.Thread(target=one.finish, args=(grace,), daemon=True) for one in held]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
