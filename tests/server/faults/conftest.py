"""The service as a process, over a ledger in a file or in a PostgreSQL that can be ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from harness.ledger import open_ledger
from harness.runtime.ports import free_port

_ROOT = Path(__file__).resolve().parents[3]
_SETTINGS = """ledger = "{ledger}"
port = {port}
{more}
[rates]
read = "100000 /s"
write = "100000 /s"
stranger = "100000 /s"
"""


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[bytes], httpx.Client]]]:
    """`begin(ledger, scopes=("admin",), more="", port=None)`: a service, and who may ask it.

    The ledger is made where there is none; `more` is text of server.toml. What the process says
    is appended to `serve.log` in the test's folder.
    """
    begun: list[subprocess.Popen[bytes]] = []
    clients: list[httpx.Client] = []

    def started(
        ledger: str,
        scopes: tuple[str, ...] = ("admin",),
        more: str = "",
        port: int | None = None,
    ) -> tuple[subprocess.Popen[bytes], httpx.Client]:
        port = port or free_port()
        (tmp_path / "server.toml").write_text(_SETTINGS.format(ledger=ledger, port=port, more=more))
        headers = {"Authorization": f"Bearer {_secret(ledger, scopes)}"} if scopes else {}
        with (tmp_path / "serve.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "harness", "serve"],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
                stdout=log,
                stderr=log,
            )
        begun.append(process)
        url = f"http://127.0.0.1:{port}"
        client = httpx.Client(base_url=url, headers=headers, timeout=40, trust_env=False)
        clients.append(client)
        while process.poll() is None and not _answers(client):
            time.sleep(0.02)
        return process, client

    yield started
    for client in clients:
        client.close()
    for process in begun:
        with process:
            process.kill()


def _secret(url: str, scopes: tuple[str, ...]) -> str:
    ledger = open_ledger(url)
    _, secret = ledger.create_token("tester", scopes)
    ledger.close()
    return secret


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False
