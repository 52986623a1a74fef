"""Spans reach a collector where the environment names one, and never change a verdict."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from harness.runtime.ports import free_port

OPTIONS = (
    "--disable-plugin-autoload", "-p", "harness.plugin", "-p", "no:cacheprovider",
    "--gate=gate.toml", "--gate-report=out", ".",
)  # fmt: skip
GATE = """
version = 1
candidate = { name = "fake", url = "http://127.0.0.1:9" }
contract = { path = "/predict", examples = "examples.jsonl" }
[policy]
required = ["mine"]
"""
CHECK = """
import time
from harness import Measurement, check

@check(limits={"size": "<= 3"})
def check_size():
    '''Small enough.'''
    time.sleep(0.05)
    return Measurement("size", 2)
"""


class Collector(BaseHTTPRequestHandler):
    """Takes OTLP over HTTP, or answers with the status that its server has been given."""

    def do_POST(self) -> None:
        """Keep path and body."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Silent."""


@pytest.fixture
def collector() -> Iterator[ThreadingHTTPServer]:
    """A collector on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.taken, server.status = [], 200  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    """Runs a gate that passes, in a process of its own, with a collector at this port."""
    (pytester.path / "gate.toml").write_text(GATE, encoding="utf-8")
    (pytester.path / "examples.jsonl").write_text('{"request": 1, "response": 2}')
    (pytester.path / "check_mine.py").write_text(CHECK, encoding="utf-8")

    def ran(port: int, *options: str) -> pytest.RunResult:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        return pytester.runpytest_subprocess(*OPTIONS, *options)

    return ran


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")], ids=["alone", "in a worker"])
def test_a_collector_is_told_of_the_gate_and_its_checks(
    run: Callable[..., pytest.RunResult], collector: ThreadingHTTPServer, workers: tuple[str, ...]
) -> None:
    assert run(collector.server_port, *workers).ret == 0
    ((path, body),) = collector.taken  # type: ignore[attr-defined]
    assert path == "/v1/traces"
    request = ExportTraceServiceRequest.FromString(body)
    (scope,) = request.resource_spans[0].scope_spans
    size, gate = scope.spans
    assert (size.name, gate.name) == ("mine.size", "gate fake")
    assert size.parent_span_id == gate.span_id
    assert gate.start_time_unix_nano <= size.start_time_unix_nano
    assert size.end_time_unix_nano <= gate.end_time_unix_nano
    assert size.end_time_unix_nano - size.start_time_unix_nano >= 45_000_000


def test_a_collector_that_refuses_costs_a_line_and_not_the_verdict(
    run: Callable[..., pytest.RunResult], collector: ThreadingHTTPServer
) -> None:
    collector.status = 400  # type: ignore[attr-defined]
    result = run(collector.server_port)
    assert result.ret == 0
    result.stderr.fnmatch_lines(["gate: no spans were sent: no collector took them; *"])


def test_a_collector_that_is_away_costs_a_line_and_not_the_verdict(
    run: Callable[..., pytest.RunResult],
) -> None:
    result = run(free_port())
    assert result.ret == 0
    result.stderr.fnmatch_lines(["gate: no spans were sent: *"])


def test_without_an_endpoint_or_with_the_sdk_off_nothing_is_sent(
    run: Callable[..., pytest.RunResult],
    collector: ThreadingHTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert run(collector.server_port).ret == 0
    assert collector.taken == []  # type: ignore[attr-defined]
