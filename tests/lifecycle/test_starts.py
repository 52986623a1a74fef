"""The first half second of a candidate that has just become ready."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from harness.contract import Prepared
from harness.lifecycle import Settled, settle
from harness.lifecycle.starts import Asked, Start
from harness.model import Startup
from harness.runtime import ReadyPath
from harness.testing import Reply, serve


class Promise:
    """A contract of one request, or of none."""

    def __init__(self, *requests: Prepared) -> None:
        self._requests = requests

    def requests(self) -> tuple[Prepared, ...]:
        """As the real one."""
        return self._requests


ONE: Any = Promise(Prepared("POST", "/predict", {}, b"[1]"))
NONE: Any = Promise()


def test_a_good_service_is_asked_fifty_times_and_its_ready_path_beside() -> None:
    paths: list[str] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        paths.append(path)
        return Reply(b"1")

    with serve(answer) as endpoint:
        seen = settle(endpoint.base_url, ONE, ReadyPath("/health"))
    assert len(seen.asked) == paths.count("/predict") <= 50
    assert paths.count("/health") >= 1
    assert seen.unready == ()
    assert {one.problem for one in seen.asked} == {""}


def test_server_errors_and_silence_are_problems_and_refused_requests_are_not() -> None:
    statuses = iter([200, 500, 503, 422])
    with serve(lambda *_: Reply(b"{}", next(statuses, 200))) as endpoint:
        seen = settle(endpoint.base_url, ONE, None)
    assert [one.problem for one in seen.asked[:5]] == ["", "status 500", "status 503", "", ""]


def test_a_ready_path_that_takes_it_back_is_kept_as_it_said() -> None:
    def answer(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"{}", 503 if path == "/health" else 200)

    with serve(answer) as endpoint:
        seen = settle(endpoint.base_url, ONE, ReadyPath("/health"))
    assert set(seen.unready) == {"GET /health answered 503, expected 200"}


class _OneAtATime(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """As long as its connection stays open, nobody else is answered."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "1")
        self.end_headers()
        self.wfile.write(b"1")

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def test_a_server_of_one_connection_that_cannot_be_asked_beside_has_taken_nothing_back() -> None:
    with HTTPServer(("127.0.0.1", 0), _OneAtATime) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        seen = settle(f"http://127.0.0.1:{server.server_port}", ONE, ReadyPath("/health"))
        server.shutdown()
    assert {one.problem for one in seen.asked} == {""}
    assert seen.unready == ()


def test_without_a_request_nothing_is_asked() -> None:
    assert settle("http://127.0.0.1:1", NONE, None) == Settled()


def test_the_times_of_a_start_begin_with_its_first_inference_and_leave_out_what_failed() -> None:
    asked = (Asked(0.1, 0.02, ""), Asked(0.2, 0.5, "status 500"), Asked(0.3, 0.01, ""))
    assert Start(Startup(True, 1.0, first=0.4), Settled(asked)).took == (0.4, 0.02, 0.01)
