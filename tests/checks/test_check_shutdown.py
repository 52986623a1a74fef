"""The shutdown checks against real small servers under real load, run as local processes."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.check_shutdown import check_graceful, check_readiness, check_restart
from harness import Evidence, Exit, Finding, Measurement, Severity
from harness.config import Gate, load
from harness.contract import Contract
from harness.declare import spec_of
from harness.lifecycle import Drain, stop_under_load
from harness.load import Driver, Rig
from harness.runtime import Endpoint, ReadyPath, Runtime, open_runtime, wait_ready

SERVER = """
import http.server, os, signal, sys, threading, time
at_work = []
if "once" in sys.argv:
    open("pid", "x").close()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        at_work.append(self)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        at_work.remove(self)

    def do_GET(self):
        self.send_response(503 if os.path.exists("leaving") else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    log_message = lambda *_: None

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = "lingering" not in sys.argv
    request_queue_size = 64

def shutdown():
    server.shutdown()

def leave():
    open("leaving", "w").close()
    time.sleep(0.4)
    server.shutdown()

def serve(stop=shutdown):
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=stop).start())
    server.serve_forever(0.02)
    server.server_close()
    while at_work:
        time.sleep(0.01)

server = Server(("127.0.0.1", int(os.environ["PORT"])), Handler)
"""
ENDS = {
    "graceful": "serve()\n",
    "lingering": "serve()\n",
    "failing": "serve()\nsys.exit(7)\n",
    "polite": "serve(leave)\nos.remove('leaving')\n",
    "once": "serve()\n",
    "abrupt": "signal.signal(15, lambda *_: os._exit(0))\nserver.serve_forever()\n",
    "deaf": "signal.signal(15, signal.SIG_IGN)\nserver.serve_forever()\n",
}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    """A gate whose candidate is server.py, with a short grace."""
    folder = tmp_path_factory.mktemp("shutdown")
    (folder / "examples.jsonl").write_text('{"request": ["good"]}\n', encoding="utf-8")
    (folder / "gate.toml").write_text(
        'version = 1\n[contract]\npath = "/predict"\nexamples = "examples.jsonl"\n'
        '[candidate]\nname = "tried"\n'
        f'command = ["{sys.executable}", "server.py"]\ngrace = "1.5 s"\n',
        encoding="utf-8",
    )
    return load(folder / "gate.toml")


@pytest.fixture(scope="module")
def runtime(gate: Gate) -> Iterator[Runtime]:
    """Where the servers run."""
    opened = open_runtime(gate)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def start(gate: Gate, runtime: Runtime) -> Callable[[str], Endpoint]:
    """Start a server that ends in one of the ways of ENDS."""

    def begin(way: str) -> Endpoint:
        code = f"import sys; sys.argv.append({way!r})\n{SERVER}{ENDS[way]}"
        (gate.root / "server.py").write_text(code, encoding="utf-8")
        endpoint = runtime.start()
        assert wait_ready(endpoint, None, 20, listens).ready
        return endpoint

    return begin


@pytest.fixture(scope="module")
def driver(gate: Gate, start: Callable[[str], Endpoint]) -> Iterator[Driver]:
    """One load generator for all stops."""
    with Rig(gate, start("graceful"), Contract.load(gate), {}) as rig:
        yield rig.driver


@pytest.fixture
def stopped(
    gate: Gate, start: Callable[[str], Endpoint], driver: Driver
) -> Callable[[str], tuple[Drain, Endpoint]]:
    """Stop such a server under load."""

    def stop(way: str) -> tuple[Drain, Endpoint]:
        endpoint = start(way)
        ready = ReadyPath("/health")
        return stop_under_load(gate, endpoint, Contract.load(gate), ready, driver), endpoint

    return stop


def listens(url: str) -> str:
    """Why nobody accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 1).close()
    except OSError as problem:
        return str(problem)
    return ""


def looked(drain: Drain) -> tuple[dict[str, float], list[Finding]]:
    """Measurements by name, and findings."""
    seen = check_graceful(drain)
    return (
        {item.name: item.value for item in seen if isinstance(item, Measurement)},
        [item for item in seen if isinstance(item, Finding)],
    )


def errors(findings: list[Finding]) -> list[str]:
    """Rules of the findings that fail the check."""
    return [finding.rule for finding in findings if finding.severity is Severity.ERROR]


@pytest.mark.alone
def test_who_finishes_what_was_begun_loses_nothing_and_starts_again(
    stopped: Callable[[str], tuple[Drain, Endpoint]],
) -> None:
    drain, endpoint = stopped("graceful")
    values, findings = looked(drain)
    assert errors(findings) == []
    assert values["in_flight"] >= 2
    assert values["lost_in_flight"] == 0
    assert values["answered"] > 0
    assert values["exit_time"] < 1.5
    assert drain.closed is not None
    assert drain.first is not None and drain.first.hears
    endpoint.restart()
    seen = check_restart(wait_ready(endpoint, None, 20, listens))
    assert [item.name for item in seen if isinstance(item, Measurement)] == ["restart_time"]
    assert not [item for item in seen if isinstance(item, Finding)]
    assert endpoint.stop(5.0).code == 0


@pytest.mark.alone
def test_who_leaves_a_pid_file_behind_does_not_start_again(
    start: Callable[[str], Endpoint],
) -> None:
    endpoint = start("once")
    assert endpoint.stop(5.0).code == 0
    endpoint.restart()
    seen = check_restart(wait_ready(endpoint, None, 20, listens))
    (found,) = [item for item in seen if isinstance(item, Finding)]
    assert found.rule == "does-not-start-again"
    assert "File exists: 'pid'" in found.received


@pytest.mark.alone
def test_who_drops_everything_at_sigterm_loses_what_was_in_flight(
    stopped: Callable[[str], tuple[Drain, Endpoint]],
) -> None:
    values, findings = looked(stopped("abrupt")[0])
    assert values["lost_in_flight"] >= 2
    assert values["refused"] > 0
    assert "lost-in-flight" in errors(findings)


@pytest.mark.alone
def test_an_exit_code_that_is_not_zero_is_found(
    stopped: Callable[[str], tuple[Drain, Endpoint]],
) -> None:
    values, findings = looked(stopped("failing")[0])
    assert values["lost_in_flight"] == 0
    assert errors(findings) == ["exit-code"]


@pytest.mark.alone
def test_who_does_not_hear_sigterm_is_killed_and_named(
    stopped: Callable[[str], tuple[Drain, Endpoint]],
) -> None:
    drain, _ = stopped("deaf")
    values, findings = looked(drain)
    assert values["exit_time"] >= 1.5
    (killed,) = [finding for finding in findings if finding.rule == "killed"]
    assert "server.py`, has no handler for SIGTERM or ignores it" in killed.message
    assert check_readiness(drain)[0] == Measurement("notice", 0.0, "s", n=1)


@pytest.mark.alone
def test_who_waits_for_callers_to_hang_up_is_killed_and_told(
    stopped: Callable[[str], tuple[Drain, Endpoint]],
) -> None:
    values, findings = looked(stopped("lingering")[0])
    assert values["lost_in_flight"] == 0
    (killed,) = [finding for finding in findings if finding.rule == "killed"]
    assert "did not end; it may wait for callers to close idle connections" in killed.message


@pytest.mark.alone
def test_who_says_unready_before_it_closes_gives_notice(
    stopped: Callable[[str], tuple[Drain, Endpoint]],
) -> None:
    drain, _ = stopped("polite")
    (notice,) = check_readiness(drain)
    assert isinstance(notice, Measurement) and notice.value > 0.1
    assert errors(looked(drain)[1]) == []


@pytest.mark.alone
def test_every_request_of_the_traffic_is_drawn(
    stopped: Callable[[str], tuple[Drain, Endpoint]],
) -> None:
    drain, _ = stopped("graceful")
    (picture,) = [item for item in check_graceful(drain) if isinstance(item, Evidence)]
    assert len(picture.data["items"]) == len(drain.fates) > 10


@pytest.mark.parametrize("function", [check_graceful, check_readiness, check_restart])
def test_it_does_not_apply_to_what_is_not_ours_to_stop(tmp_path: Path, function: Any) -> None:
    (tmp_path / "gate.toml").write_text(
        'version = 1\n[contract]\npath = "/predict"\n[candidate]\nname = "tried"\n'
        'url = "http://127.0.0.1:1"\n',
        encoding="utf-8",
    )
    spec = spec_of(function)
    assert spec is not None and spec.applies is not None
    assert "not ours to stop" in spec.applies(load(tmp_path / "gate.toml"))


@pytest.mark.parametrize(("starts", "applies"), [(1, False), (2, True)])
def test_a_second_start_is_tried_where_several_are_asked_for(
    tmp_path: Path, starts: int, applies: bool
) -> None:
    (tmp_path / "gate.toml").write_text(
        'version = 1\n[contract]\npath = "/predict"\n[candidate]\nname = "tried"\n'
        f'image = "a:1"\nstarts = {starts}\n',
        encoding="utf-8",
    )
    spec = spec_of(check_restart)
    assert spec is not None and spec.applies is not None
    assert (spec.applies(load(tmp_path / "gate.toml")) == "") is applies


def test_without_a_ready_path_the_notice_is_skipped() -> None:
    drain = Drain(Exit(0, 0.1), "1 s", 2, (), (), None, None, None, 50.0)
    with pytest.raises(pytest.skip.Exception, match="candidate.ready.path"):
        check_readiness(drain)


def test_readiness_is_advisory() -> None:
    spec = spec_of(check_readiness)
    assert spec is not None and spec.advisory
