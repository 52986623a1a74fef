"""A Prometheus that answers, one that misbehaves, and one that is not there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.runtime.ports import free_port
from harness.server.controllers.settings import Source
from harness.server.controllers.sources import SourceError, counts


def vector(*values: str) -> bytes:
    """The answer with so many elements."""
    rows = [{"metric": {}, "value": [1787392921.0, value]} for value in values]
    return json.dumps({"status": "success", "data": _data("vector", rows)}).encode()


def _data(kind: str, result: Any) -> dict[str, Any]:
    return {"resultType": kind, "result": result}


ANSWERS: dict[str, tuple[int, bytes]] = {
    "seven": (200, vector("7")),
    "fraction": (200, vector("7.25")),
    "none": (200, vector()),
    "scalar": (200, json.dumps({"status": "success", "data": _data("scalar", [1, "3"])}).encode()),
    "two": (200, vector("1", "2")),
    "nan": (200, vector("NaN")),
    "infinite": (200, vector("+Inf")),
    "negative": (200, vector("-1")),
    "number": (200, vector("1").replace(b'"1"', b"1")),
    "matrix": (200, json.dumps({"status": "success", "data": _data("matrix", [])}).encode()),
    "html": (200, b"<html>log in</html>"),
    "empty": (200, b""),
    "list": (200, b"[]"),
    "halves": (200, b'{"status":"success","data":{"resultType":"vector","result":[[]]}}'),
    "twice": (200, b'{"status":"success","status":"success","data":{}}'),
    "deep": (200, b"[" * 100_000),
    "large": (200, b" " * (2 * 1024 * 1024)),
    "bad": (400, b'{"status":"error","errorType":"bad_data","error":"parse error"}'),
    "fine but 500": (500, vector("7")),
    "moved": (302, vector("7")),
}


class Handler(BaseHTTPRequestHandler):
    """Gives the answer that is named by the query; the right token is `secret`."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = parse_qs(asked.query)["query"][0]
        if asked.path != "/api/v1/query":
            self.answer(404, b"")
        elif query == "token":
            allowed = self.headers.get("Authorization") == "Bearer secret"
            self.answer(*((200, vector("1")) if allowed else (401, b"{}")))
        elif query == "drip":
            self.drip()
        else:
            self.answer(*ANSWERS[query])

    def drip(self) -> None:
        """A byte at a time, so that no single read runs into its timeout."""
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(60):
                self.wfile.write(b" ")
                time.sleep(0.05)

    def answer(self, status: int, body: bytes) -> None:
        """Send it; the other end may have seen enough before the end."""
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/api/v1/query?query=seven")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture(scope="module")
def fake() -> Iterator[str]:
    """The address of such a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def ask(url: str, *queries: str, **settings: Any) -> list[float | SourceError | None]:
    """The counts of some queries."""
    row = {"name": "load.error_rate", "count": "a", "of": "b"}
    source = Source.model_validate({"url": url, "measurements": [row], **settings})
    return asyncio.run(counts(source, list(queries)))


def test_one_number_is_read_and_no_series_is_none(fake: str) -> None:
    assert ask(fake, "seven", "fraction", "none", "scalar") == [7.0, 7.25, None, 3.0]


@pytest.mark.parametrize(
    "name", [name for name in ANSWERS if name not in ("seven", "fraction", "none", "scalar")]
)
def test_any_other_answer_is_an_error_and_spoils_no_other(fake: str, name: str) -> None:
    wrong, right = ask(fake, name, "seven")
    assert isinstance(wrong, SourceError) and right == 7.0
    assert len(str(wrong)) < 400


def test_an_answer_that_drips_ends_at_the_whole_request_s_time(fake: str) -> None:
    (found,) = ask(fake, "drip", timeout="300 ms")
    assert "does not answer within 300 ms" in str(found)


def test_a_source_that_is_not_there_is_an_error() -> None:
    (found,) = ask(f"http://reader:hidden@127.0.0.1:{free_port()}", "seven")
    assert "cannot be reached" in str(found)
    assert "hidden" not in str(found) and "127.0.0.1" not in str(found)


def test_the_token_of_the_file_is_sent_and_one_that_cannot_be_is_an_error(
    fake: str, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    assert isinstance(ask(fake, "token", token_file=str(path))[0], SourceError)
    path.write_text("secret\n", encoding="ascii")
    assert ask(fake, "token", token_file=str(path)) == [1.0]
    path.write_text("sec\nret\n", encoding="ascii")
    assert isinstance(ask(fake, "token", token_file=str(path))[0], SourceError)
    assert isinstance(ask(fake, "token")[0], SourceError)
