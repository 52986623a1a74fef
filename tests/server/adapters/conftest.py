"""Live traffic of canaries: a program that counts requests, and a real Prometheus."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.runtime.ports import free_port

_CONFIG = """
global: {{scrape_interval: 100ms, scrape_timeout: 100ms}}
scrape_configs:
- job_name: canary
  static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@dataclass
class Traffic:
    """What canaries answer between two scrapes, by digest: requests, failed ones, slow ones."""

    prometheus: str  # address
    rates: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    totals: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def text(self) -> str:
        """The counters, a scrape further on."""
        rows = []
        for digest, rate in list(self.rates.items()):
            before = self.totals.get(digest, (0, 0, 0))
            all_, failed, slow = self.totals[digest] = (
                before[0] + rate[0],
                before[1] + rate[1],
                before[2] + rate[2],
            )
            image = f'image="{digest}"'
            rows += [
                f'requests_total{{{image},code="200"}} {all_ - failed}',
                f'requests_total{{{image},code="500"}} {failed}',
                f'seconds_bucket{{{image},le="0.1"}} {all_ - slow}',
                f'seconds_bucket{{{image},le="+Inf"}} {all_}',
            ]
        return "\n".join(rows) + "\n"

    def wait(self, digest: str) -> None:
        """Until Prometheus has seen traffic of that digest."""
        query = f'sum(increase(requests_total{{image="{digest}"}}[1m]))'
        while True:
            answer = httpx.get(
                f"{self.prometheus}/api/v1/query", params={"query": query}, verify=False
            )
            found = answer.json()["data"]["result"]
            if found and float(found[0]["value"][1]) > 20_000:
                return
            time.sleep(0.05)


@pytest.fixture(scope="module")
def traffic(prometheus_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traffic]:
    """Traffic that a Prometheus of its own scrapes ten times a second."""
    found = Traffic(f"http://127.0.0.1:{free_port()}")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = found.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    folder = tmp_path_factory.mktemp("prometheus")
    process = _prometheus(prometheus_program, folder, found.prometheus, server.server_address[1])
    yield found
    process.terminate()
    process.wait(timeout=30)
    server.shutdown()
    server.server_close()
    thread.join()


def _prometheus(program: str, folder: Path, address: str, port: int) -> subprocess.Popen[bytes]:
    config = folder / "prometheus.yml"
    config.write_text(_CONFIG.format(port=port), encoding="utf-8")
    process = subprocess.Popen(
        [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address.removeprefix('http://')}",
            "--log.level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while True:
        try:
            if httpx.get(f"{address}/-/ready", verify=False).status_code == 200:
                return process
        except httpx.TransportError:
            pass
        assert process.poll() is None, "prometheus did not come up"
        time.sleep(0.05)
