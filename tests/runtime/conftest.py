"""Fixtures of the runtime's tests: gates over small real candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.config import Gate, load
from harness.runtime import Runtime, open_runtime

BASE = "releasegate-base:bookworm"

# Serves what MODE says of it; "serve" answers every path with what it can see of its world.
APP = """
import http.server, json, os, signal, socket, sys, threading, time
mode = os.environ.get("MODE", "serve")
print("mode", mode, flush=True)
if mode == "exit":
    sys.exit(3)
if mode == "eat":
    kept = [bytearray(b"x" * (1 << 20)) for _ in range(4096)]
if mode == "workers":  # the first one eats too much, the second one stays
    for megabytes in (4096, 1):
        child = os.fork()
        if child == 0:
            time.sleep(1.3)
            kept = [bytearray(b"x" * (1 << 20)) for _ in range(megabytes)]
            time.sleep(60)
        if megabytes > 1:
            os.waitpid(child, 0)
if mode == "download":
    socket.create_connection(("1.1.1.1", 80), 5)

def reach(target):
    host, _, port = target.partition(":")
    try:
        socket.create_connection((host, int(port)), 3).close()
        return "connected"
    except OSError as problem:
        return str(problem)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.path.partition("?")[2]
        with open("/proc/self/status") as file:
            pairs = (line.partition(":") for line in file)
            status = {name: value.strip() for name, _, value in pairs}
        body = json.dumps({
            "reached": reach(asked) if asked else "",
            "capabilities": status["CapEff"], "no_new_privileges": status["NoNewPrivs"],
            "environment": dict(os.environ), "version": os.environ.get("VERSION", ""),
        }).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8080"))), Handler)
if mode != "deaf":
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
print("ended", flush=True)
"""


@pytest.fixture
def gate_of(tmp_path: Path) -> Callable[[str], Gate]:
    """Read a gate whose `[candidate]` table is the given text; app.py lies beside gate.toml."""

    def read(candidate: str) -> Gate:
        (tmp_path / "app.py").write_text(APP, encoding="utf-8")
        (tmp_path / "Dockerfile").write_text(
            f"FROM {BASE}\nARG VERSION=1\nENV VERSION=$VERSION\nCOPY app.py /app.py\n"
            'CMD ["python3", "-u", "/app.py"]\n',
            encoding="utf-8",
        )
        path = tmp_path / "gate.toml"
        path.write_text(
            'version = 1\n[contract]\npath = "/predict"\n[candidate]\nname = "tried"\n' + candidate,
            encoding="utf-8",
        )
        return load(path)

    return read


@pytest.fixture
def opened(gate_of: Callable[[str], Gate]) -> Iterator[Callable[[str], Runtime]]:
    """Open the runtime of such a gate; closed after the test."""
    runtimes: list[Runtime] = []

    def open_one(candidate: str) -> Runtime:
        runtimes.append(open_runtime(gate_of(candidate)))
        return runtimes[-1]

    yield open_one
    for runtime in runtimes:
        runtime.close()
