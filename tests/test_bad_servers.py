"""Servers that misbehave: each ends in a finding or an errored check, in time and in memory.

The server (tests/misbehaving.py) and the checks (tests/watched.py) are processes of their own.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent
MOST_MIB = 300
CHECKS = ("examples", "response", "json", "not_found", "method", "invalid_requests")
GATE = """version = 1
[candidate]
name = "m"
url = "http://127.0.0.1:1"
ready = { path = "/health", within = "20 s" }
[contract]
path = "/predict"
request = "req.json"
response = "res.json"
examples = "ex.jsonl"
explore = "1 s"
"""
FILES = {
    "gate.toml": GATE,
    "req.json": '{"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1}',
    "res.json": """{"type": "object", "properties": {"positive": {"type": "boolean"}},
"required": ["positive"]}""",
    "ex.jsonl": """{"request": ["ab"], "response": {"positive": true}}
{"request": ["abc"], "response": {"positive": false}}
{"request": {"text": "ab"}, "status": 400}
""",
}
# Kind of misbehaviour, after how many good answers, the check that tells it, and what it says.
QUICK = {
    "an endless body": ("endless", 0, "response", "a body of more than 16777216 bytes"),
    "a body that takes too much memory": ("heavy", 0, "response", "would take about"),
    "a body with 100 000 violations": ("many-violations", 0, "response", "response: "),
    "a gzip bomb": ("gzip-bomb", 0, "response", "an encoded body that was not asked for"),
    "redirects": ("redirect", 0, "response", 'status 307 to "http://192.0.2.1/predict"'),
    "100 MB of headers": ("headers", 0, "response", "65536 bytes of headers without an end"),
    "a close in mid-answer": ("closes", 0, "response", "connection closed after"),
    "death on request 50": ("dies", 50, "invalid_requests", "no answer to a valid request after"),
}
PATIENT = {
    "answers after 9.9 s": ("slow", 0, ("response", "method"), "left out: "),
    "no answer at all": ("never", 0, ("response", "invalid_requests"), "no answer within 10 s"),
    "a byte every half second": ("drip", 0, ("response", "not_found"), "the time is up"),
    "endless little chunks": ("endless-chunks", 0, ("response", "method"), "of a chunked body"),
}

Start = Callable[[str, int], str]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(TESTS.parent)}


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """start(kind, after): URL of a server that misbehaves after so many requests."""
    servers: list[subprocess.Popen[str]] = []

    def begin(kind: str, after: int) -> str:
        command = [sys.executable, str(TESTS / "misbehaving.py"), kind, str(after)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        servers.append(server)
        assert server.stdout is not None
        return f"http://127.0.0.1:{int(server.stdout.readline())}"

    yield begin
    for server in servers:
        server.kill()
        server.communicate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a gate."""
    path = tmp_path_factory.mktemp("gate")
    for name, text in FILES.items():
        (path / name).write_text(text)
    return path


@pytest.fixture(scope="module")
def visited(folder: Path, start: Start) -> Path:
    """The same after a gate: at the first one of a folder Hypothesis reads our whole checkout."""
    subprocess.run(_gate(folder, start("good", 10**9), folder / "report"), capture_output=True)
    return folder


def _gate(folder: Path, url: str, report: Path) -> list[str]:
    command = [sys.executable, "-m", "harness", "run", str(folder / "gate.toml")]
    command += ["--url", url, "--report", str(report)]
    return [*command, "--only", "contract", "--only", "behaviour"]


def _watch(folder: Path, url: str, *names: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(TESTS / "watched.py"), str(folder / "gate.toml"), url, *names]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment())


def _seen(watching: subprocess.Popen[str]) -> dict[str, Any]:
    text, _ = watching.communicate(timeout=200)
    seen: dict[str, Any] = json.loads(text)
    return seen


def _bad(check: dict[str, Any]) -> str:
    """The messages of what keeps a check from passing, or its error."""
    grave = [found[2] for found in check.get("findings", ()) if found[1] in ("error", "doubt")]
    return "; ".join([check.get("error", ""), *grave]).strip("; ")


@pytest.mark.parametrize("name", QUICK)
def test_a_bad_server_ends_in_a_finding(name: str, start: Start, folder: Path) -> None:
    kind, after, by, says = QUICK[name]
    seen = _seen(_watch(folder, start(kind, after), *CHECKS))
    assert says in _bad(seen["checks"][by])
    assert seen["peak_mib"] < MOST_MIB
    assert sum(check["seconds"] for check in seen["checks"].values()) < 120


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_slow_server_is_given_up_in_time(start: Start, folder: Path) -> None:
    watching = {
        name: _watch(folder, start(kind, after), *checks)
        for name, (kind, after, checks, _) in PATIENT.items()
    }
    seen = {name: _seen(process) for name, process in watching.items()}
    for name, (_, _, checks, says) in PATIENT.items():
        for check in checks:
            told = seen[name]["checks"][check]
            assert says in _bad(told), (name, check, told)
            assert told["seconds"] < 80, (name, check)
        assert seen[name]["peak_mib"] < MOST_MIB, name


def test_another_host_is_never_asked(
    start: Start, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        monkeypatch.setenv("REDIRECT_TO", f"http://127.0.0.1:{elsewhere.getsockname()[1]}/")
        seen = _seen(_watch(folder, start("redirect", 0), *CHECKS))
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    assert "not followed" in _bad(seen["checks"]["response"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "after", "says"),
    [
        ("endless", 5, "a body of more than 16777216 bytes"),
        ("redirect", 5, "status 307 to"),
        ("closes", 5, "connection closed after"),
        ("gzip-bomb", 5, "an encoded body that was not asked for"),
        ("many-violations", 3, "response: "),
        ("dies", 50, "no answer to a valid request after"),
    ],
)
def test_a_whole_gate_survives_a_bad_server(
    kind: str, after: int, says: str, start: Start, visited: Path
) -> None:
    report, began = visited / f"report-{kind}", time.monotonic()
    gate = _gate(visited, start(kind, after), report)
    watch = "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode;"
    watch += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, code)"
    run = subprocess.run(
        [sys.executable, "-c", watch, *gate], capture_output=True, text=True, timeout=200
    )
    peak, code = map(int, run.stdout.split()[-2:])
    checks = json.loads((report / "report.json").read_text())["checks"]
    told = [found["message"] for check in checks for found in check["findings"]]
    assert code in (1, 3), run.stdout
    assert any(says in message for message in told), told
    assert peak < MOST_MIB
    assert time.monotonic() - began < 200
