"""Publishing: sent again where that may help, never elsewhere, and said when it did not succeed."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness import publishing
from harness.cli import main
from harness.errors import ConfigError, GateError

STORED = {"id": "a" * 64, "verdict": "pass", "new": True, "report_url": "/reports/a"}
Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Stub:
    """A service that gives the next of its replies, and keeps what it was sent."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A service on a port of its own."""
    found = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.seen.append((self.command, self.path, dict(self.headers), body))
            status, headers, answer = found.replies.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_DELETE = do_GET = do_POST

        def log_message(self, *given: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_port}"
        yield found
        server.shutdown()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that it would have waited; and nothing in the environment."""
    waited: list[float] = []
    monkeypatch.setattr("harness.publishing.time.sleep", waited.append)
    for name in ("RELEASEGATE_SERVER", "RELEASEGATE_TOKEN", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return waited


def told(document: object) -> bytes:
    """A body."""
    return json.dumps(document).encode()


def test_a_report_is_sent_with_the_token(stub: Stub) -> None:
    stub.replies = [(201, {}, told(STORED))]
    assert publishing.Service(stub.url, "rg_x").publish(b"{}") == STORED
    method, path, headers, body = stub.seen[0]
    assert (method, path, body) == ("POST", "/v1/reports", b"{}")
    assert headers["Authorization"] == "Bearer rg_x"
    assert headers["Content-Type"] == "application/json"


def test_what_may_pass_is_tried_again_when_the_service_says(stub: Stub, waits: list[float]) -> None:
    stub.replies = [(503, {"Retry-After": "2"}, b""), (429, {}, b"x"), (200, {}, told(STORED))]
    assert publishing.Service(stub.url, None).publish(b"{}") == STORED
    assert waits == [2.0, 1.0]


def test_a_service_that_stays_away_is_an_error(stub: Stub, waits: list[float]) -> None:
    stub.replies = [(503, {"Retry-After": "99999"}, b"")] * 4
    with pytest.raises(GateError, match="answers 503"):
        publishing.Service(stub.url, None).publish(b"{}")
    assert waits == [10.0, 10.0, 10.0]


@pytest.mark.parametrize("status", [400, 401, 403, 409, 413, 415, 422, 500])
def test_a_refusal_is_told_and_not_tried_again(stub: Stub, status: int) -> None:
    refusal = {"error": "this token may not publish", "hint": "ask"}
    stub.replies = [(status, {}, told(refusal))]
    with pytest.raises(GateError, match=f"answers {status}: this token may not publish; ask"):
        publishing.Service(stub.url, None).publish(b"{}")


def test_a_redirect_is_not_followed_with_the_token(stub: Stub) -> None:
    stub.replies = [(307, {"Location": f"{stub.url}/elsewhere"}, b"")]
    with pytest.raises(GateError, match="answers 307"):
        publishing.Service(stub.url, "rg_x").publish(b"{}")
    assert len(stub.seen) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[" * 60_000, b"\xff"])
def test_an_answer_that_names_no_report_is_not_taken_for_a_success(stub: Stub, body: bytes) -> None:
    stub.replies = [(200, {}, body)]
    with pytest.raises(GateError, match="does not say that it has the report"):
        publishing.Service(stub.url, None).publish(b"{}")


def test_nobody_there_is_an_error_with_a_hint(unused: Callable[[], str]) -> None:
    with pytest.raises(GateError, match="does not answer: .*does `gate serve` run"):
        publishing.Service(unused(), None).publish(b"{}")


@pytest.fixture
def unused() -> Callable[[], str]:
    """Address of a port on which nobody listens."""
    from harness.runtime.ports import free_port

    return lambda: f"http://127.0.0.1:{free_port()}"


@contextmanager
def raw(*parts: bytes, drips: bool = False) -> Iterator[str]:
    """Address of what answers each connection with these bytes, slowly for ever where it drips."""
    over = threading.Event()

    def answer(line: socket.socket) -> None:
        with line, suppress(OSError):
            line.recv(65536)
            for part in parts:
                line.sendall(part)
            while drips and not over.wait(0.02):
                line.sendall(b"x")

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        listener.shutdown(socket.SHUT_RDWR)


LONG = b"Content-Length: 100000\r\n\r\n"


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n" + LONG,
             b"HTTP/1.1 400 No\r\n" + LONG],
)  # fmt: skip
def test_an_answer_that_drips_is_given_up_after_the_time_for_all_of_it(head: bytes) -> None:
    with raw(head, drips=True) as url:
        with pytest.raises(GateError, match="does not answer: not within 0.3 s"):
            publishing.Service(url, None).send("POST", "/", b"", timeout=0.3)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\xff" * 900, b"HTTP/1.1 400 No\r\n" + LONG + b"ab", b"HTTP/1.1 200 OK\r\n" + LONG,
     b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_an_answer_that_is_cut_or_is_none_is_an_error_in_one_line(content: bytes) -> None:
    with raw(content) as url, pytest.raises(GateError) as problem:
        publishing.Service(url, None).publish(b"{}")
    assert "\n" not in str(problem.value)


def test_an_address_that_no_resolver_takes_is_an_error() -> None:
    with pytest.raises(GateError, match="does not answer"):
        publishing.Service("http://" + "x" * 64 + ".example", None).publish(b"{}")


def test_what_the_service_says_cannot_command_a_terminal_or_a_build(stub: Stub) -> None:
    stub.replies = [(400, {}, told({"error": "\x1b[31mred\n::error::x", "hint": ""}))]
    with pytest.raises(GateError) as problem:
        publishing.Service(stub.url, None).publish(b"{}")
    said = str(problem.value)
    assert "\x1b" not in said and "\n" not in said and "::error" not in said


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as problem:
        publishing.service("https://ci:hunter2@gate.example.com")
    assert "hunter2" not in str(problem.value)


@pytest.mark.parametrize("url", ["gate.example.com", "ftp://x", "http://", "http://x:port", "//x"])
def test_what_is_no_address_is_wrong_usage(url: str) -> None:
    with pytest.raises(ConfigError, match="is no address"):
        publishing.service(url)


def test_address_and_token_come_from_the_environment_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELEASEGATE_SERVER", "https://gate.example.com/")
    monkeypatch.setenv("RELEASEGATE_TOKEN", "rg_env\n")
    assert publishing.service(None) == publishing.Service("https://gate.example.com", "rg_env")
    (tmp_path / "token").write_text("rg_file\n", encoding="utf-8")
    assert publishing.service(None, str(tmp_path / "token")).token == "rg_file"


def test_without_an_address_the_usage_is_wrong() -> None:
    with pytest.raises(ConfigError, match="RELEASEGATE_SERVER"):
        publishing.service(None)


def test_a_token_that_would_be_another_header_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASEGATE_TOKEN", "rg_x\r\nX-Other: 1")
    with pytest.raises(ConfigError, match="holds no token"):
        publishing.service("http://x")


def test_the_command_refuses_what_is_no_report_before_it_sends_anything(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.json").write_text("{}", encoding="utf-8")
    assert main(["publish", str(tmp_path), "--to", stub.url]) == 2
    assert "not a report" in capsys.readouterr().err
    assert main(["publish", str(tmp_path / "none"), "--to", stub.url]) == 2
    assert stub.seen == []


def test_the_command_sends_a_signed_statement_as_it_is(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.intoto.json").write_bytes(b'{"payload":""}')
    stub.replies = [(201, {}, told(STORED))]
    assert main(["publish", str(tmp_path), "--to", stub.url, "--envelope"]) == 0
    assert stub.seen[0][2]["Content-Type"] == "application/vnd.dsse.envelope.v1+json"
    assert stub.seen[0][3] == b'{"payload":""}'
    assert f"published, pass: {stub.url}/reports/{'a' * 64}" in capsys.readouterr().out
