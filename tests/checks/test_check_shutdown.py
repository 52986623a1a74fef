"""The shutdown check against real small servers, run as local processes."""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checks.check_shutdown import check_graceful
from harness import Exit, Finding, Measurement, Severity
from harness.config import Gate, load
from harness.contract import Prepared
from harness.declare import spec_of
from harness.runtime import Endpoint, Runtime, open_runtime, wait_ready
from harness.testing import FakeEndpoint, Reply, serve

SERVER = """
import http.server, os, signal, sys, threading, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST
    log_message = lambda *_: None

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False

server = Server(("127.0.0.1", int(os.environ["PORT"])), Handler)
"""
ENDS = {
    "graceful": "signal.signal(15, lambda *_: threading.Thread(target=server.shutdown).start())\n"
    "server.serve_forever()\nserver.server_close()\n",
    "abrupt": "signal.signal(15, lambda *_: os._exit(0))\nserver.serve_forever()\n",
    "failing": "signal.signal(15, lambda *_: threading.Thread(target=server.shutdown).start())\n"
    "server.serve_forever()\nserver.server_close()\nsys.exit(7)\n",
    "deaf": "signal.signal(15, signal.SIG_IGN)\nserver.serve_forever()\n",
}


@dataclass
class FakeContract:
    """One valid request."""

    body: bytes = b'["good"]'

    def requests(self) -> tuple[Prepared, ...]:
        """As the real one."""
        headers = {"Content-Type": "application/json"}
        return (Prepared("POST", "/predict", headers, self.body),) if self.body else ()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate whose candidate is server.py, with a short grace."""
    (tmp_path / "gate.toml").write_text(
        'version = 1\n[contract]\npath = "/predict"\n[candidate]\nname = "tried"\n'
        f'command = ["{sys.executable}", "server.py"]\ngrace = "1.5 s"\n',
        encoding="utf-8",
    )
    return load(tmp_path / "gate.toml")


@pytest.fixture
def started(gate: Gate) -> Iterator[Callable[[str], Endpoint]]:
    """Start a server that ends in one of the ways of ENDS."""
    runtimes: list[Runtime] = []

    def start(way: str) -> Endpoint:
        (gate.root / "server.py").write_text(SERVER + ENDS[way], encoding="utf-8")
        runtimes.append(open_runtime(gate))
        endpoint = runtimes[-1].start()
        startup = wait_ready(endpoint, None, 20, lambda url: "" if listens(url) else "refused")
        assert startup.ready, startup
        return endpoint

    yield start
    for runtime in runtimes:
        runtime.close()


def listens(url: str) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 1).close()
    except OSError:
        return False
    return True


def looked(endpoint: Any, gate: Gate) -> tuple[dict[str, float], list[Finding]]:
    """Measurements by name, and findings."""
    contract: Any = FakeContract()
    seen = check_graceful(endpoint, contract, gate)
    return (
        {item.name: item.value for item in seen if isinstance(item, Measurement)},
        [item for item in seen if isinstance(item, Finding)],
    )


def errors(findings: list[Finding]) -> list[str]:
    """Rules of the findings that fail the check."""
    return [finding.rule for finding in findings if finding.severity is Severity.ERROR]


def test_who_finishes_what_was_begun_loses_nothing(
    started: Callable[[str], Endpoint], gate: Gate
) -> None:
    values, findings = looked(started("graceful"), gate)
    assert errors(findings) == []
    assert values["in_flight"] == 2
    assert values["lost_in_flight"] == 0
    assert values["answered"] > 0
    assert values["exit_time"] < 5


def test_who_drops_everything_at_sigterm_loses_what_was_in_flight(
    started: Callable[[str], Endpoint], gate: Gate
) -> None:
    values, findings = looked(started("abrupt"), gate)
    assert values["lost_in_flight"] == 2
    assert errors(findings) == ["lost-in-flight"]


def test_an_exit_code_that_is_not_zero_is_found(
    started: Callable[[str], Endpoint], gate: Gate
) -> None:
    values, findings = looked(started("failing"), gate)
    assert values["lost_in_flight"] == 0
    assert errors(findings) == ["exit-code"]


def test_who_does_not_hear_sigterm_is_told_of_the_shell(
    started: Callable[[str], Endpoint], gate: Gate
) -> None:
    values, findings = looked(started("deaf"), gate)
    assert values["exit_time"] >= 1.5
    (killed,) = [finding for finding in findings if finding.rule == "killed"]
    assert "a shell as the first process" in killed.message


def test_death_by_sigterm_itself_is_a_good_code(gate: Gate) -> None:
    with serve(lambda *_: Reply(b"true")) as endpoint:
        endpoint.ended = Exit(code=143, seconds=0.1)
        _, findings = looked(endpoint, gate)
    assert "exit-code" not in errors(findings)


def test_without_a_request_nothing_is_claimed(gate: Gate) -> None:
    empty: Any = FakeContract(b"")
    with pytest.raises(pytest.skip.Exception, match="no valid request"):
        check_graceful(FakeEndpoint("http://127.0.0.1:1"), empty, gate)


def test_a_server_that_answers_before_the_body_is_complete_is_doubtful(gate: Gate) -> None:
    with hasty() as url:
        values, findings = looked(FakeEndpoint(url), gate)
    assert values["in_flight"] == 0
    assert [(finding.rule, finding.severity) for finding in findings] == [
        ("nothing-in-flight", Severity.DOUBT)
    ]


@contextmanager
def hasty() -> Iterator[str]:
    """A server that answers as soon as it has the head of a request."""

    class Hasty(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Hasty) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_it_does_not_apply_to_what_is_not_ours_to_stop(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text(
        'version = 1\n[contract]\npath = "/predict"\n[candidate]\nname = "tried"\n'
        'url = "http://127.0.0.1:1"\n',
        encoding="utf-8",
    )
    spec = spec_of(check_graceful)
    assert spec is not None and spec.applies is not None
    assert "not ours to stop" in spec.applies(load(tmp_path / "gate.toml"))
