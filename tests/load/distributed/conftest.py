"""Masters, workers, and machines of their own for them, as far as a kernel can pretend that."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from harness.load.distributed.place import Place
from harness.load.driving.generator import Generator
from harness.load.locustside import layout

_COUNTING = r"""
import http.server, os, signal
seen = []
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        seen.append(1)
        body = b'{"positive": true}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
def tell(*_):
    print(len(seen), flush=True)
    os._exit(0)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler)
signal.signal(signal.SIGTERM, tell)
print("up", flush=True)
server.serve_forever()
"""


class Machine:
    """A network namespace: its 127.0.0.1 is nobody else's. `address`: how others reach it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.started: list[subprocess.Popen[str]] = []
        self.server = self.python("-c", _COUNTING)
        assert self.server.stdout is not None
        assert self.server.stdout.readline() == "up\n"

    def python(self, *words: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        """Start this Python there."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.name, sys.executable, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
        )
        self.started.append(process)
        return process

    def counted(self) -> int:
        """End the server of this machine; how many requests it had."""
        self.server.terminate()
        return int(self.server.communicate(timeout=10)[0])

    def close(self) -> None:
        """End what runs there."""
        for process in self.started:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[list[Machine]]:
    """A master's machine at 10.213.1.1 and 10.213.2.1, and two more that reach only it."""
    names = [f"gate{os.getpid()}{letter}" for letter in "mlr"]
    master, *others = names
    with ExitStack() as ending:
        for name in names:
            _ip("netns", "add", name)
            ending.callback(_ip, "netns", "del", name)
            _ip("-n", name, "link", "set", "lo", "up")
        for number, name in enumerate(others, 1):
            here = f"worker{number}"
            ends = ["type", "veth", "peer", "name", "centre", "netns", name]
            _ip("link", "add", here, "netns", master, *ends)
            for space, link, last in ((master, here, 1), (name, "centre", 2)):
                _ip("-n", space, "addr", "add", f"10.213.{number}.{last}/24", "dev", link)
                _ip("-n", space, "link", "set", link, "up")
        made = []
        for name in names:
            made.append(Machine(name))
            ending.callback(made[-1].close)
        yield made


def _ip(*words: str) -> None:
    if shutil.which("ip") is None or os.geteuid():
        _without("making network namespaces needs root and the program `ip`")
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode:
        _without(f"ip {' '.join(words)}: {done.stderr.strip()}")


def _without(what: str) -> None:
    if os.environ.get("GATE_REQUIRE_ENGINE") == "1":
        pytest.fail(f"GATE_REQUIRE_ENGINE=1, but {what}")
    pytest.skip(what)


@pytest.fixture
def port() -> int:
    """A free one of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture
def workers(port: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Two `gate load worker` for the master at `port`, each with its Locust in a group."""
    command = [sys.executable, "-m", "harness", "load", "worker", "--master", f"127.0.0.1:{port}"]
    started = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        for _ in range(2)
    ]
    yield started
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def master(tmp_path: Path, port: int) -> Callable[..., Generator]:
    """The gate's side of a master of two workers, which write into `tmp_path`."""

    def make(locustfile: str | None = None, users: int = 4) -> Generator:
        body = base64.b64encode(b'{"text": "fine"}').decode()
        headers = {"Content-Type": "application/json"}
        request: dict[str, Any] = {"method": "POST", "path": "/predict", "headers": headers}
        line = json.dumps({**request, "name": "POST /predict", "body": body})
        (tmp_path / layout.REQUESTS).write_text(line + "\n", encoding="utf-8")
        source = None
        if locustfile is not None:
            source = tmp_path / "users.py"
            source.write_text(locustfile, encoding="utf-8")
        return Generator(tmp_path, source, users, tmp_path, Place("127.0.0.1", port, 2))

    return make
