"""The service over a ledger, and the same framework with a constant answer, each on one core."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.ledger import open_ledger
from harness.runtime.ports import free_port

CORES = sorted(os.sched_getaffinity(0))
CLIENT, SERVER = str(CORES[0]), str(CORES[-1])  # who asks on one core, who answers on the other
# The peer: FastAPI and the event loop, HTTP parser and settings that `gate serve` has.
_CONSTANT = """
import sys
from fastapi import FastAPI, Request
from fastapi.responses import Response
import uvicorn
app = FastAPI(docs_url=None, redoc_url=None)
BODY = sys.stdin.buffer.read()
@app.get("/v1/gate/{digest}")
async def gate(request: Request) -> Response:
    return Response(BODY, media_type="application/json")
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), ws="none", lifespan="off",
            log_level="warning", access_log=False, server_header=False)
"""


@dataclass(frozen=True)
class Served:
    """A service that answers."""

    url: str
    token: str
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> bytes:
        """The body of one answer. Raises URLError for anything but 200."""
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            body: bytes = answer.read()
        return body


@contextmanager
def service(ledger: Path, folder: Path, core: str = SERVER) -> Iterator[Served]:
    """`gate serve` over a ledger, on one core."""
    opened = open_ledger(str(ledger))
    _, secret = opened.create_token("benchmark", ["admin"])
    opened.close()
    settings, port = folder / "server.toml", free_port()
    rates = 'read = "1000000 /s"\nwrite = "1000000 /s"\nstranger = "1000000 /s"'
    settings.write_text(f'max_age = "3650 d"\n[rates]\n{rates}\n', encoding="utf-8")
    command = ["taskset", "-c", core, sys.executable, "-m", "harness", "serve", str(settings)]
    command += ["--ledger", str(ledger), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        yield from _served(Served(f"http://127.0.0.1:{port}", secret, process), "/healthz")


@contextmanager
def constant(body: bytes) -> Iterator[Served]:
    """The framework answering these bytes, on one core."""
    port = free_port()
    command = ["taskset", "-c", SERVER, sys.executable, "-c", _CONSTANT, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(body)
        process.stdin.close()
        yield from _served(Served(f"http://127.0.0.1:{port}", "none", process), "/v1/gate/x")


def _served(found: Served, path: str) -> Iterator[Served]:
    try:
        for _ in range(600):
            try:
                found.get(path)
                break
            except OSError:
                if found.process.poll() is not None:
                    raise SystemExit("the service has ended") from None
                time.sleep(0.05)
        yield found
    finally:
        found.process.terminate()
