"""Who asks the service: as fast as it answers, 200 times a second, and a crowd that also writes."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection as Connection
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks.serving.filling import body_of, digest_of
from benchmarks.serving.services import CLIENT, Served

_CONNECTIONS = 16
_SCRIPT = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", paths[n % #paths + 1], {["Authorization"] = "Bearer TOKEN"})
end
"""
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_TROUBLE = re.compile(r"(Non-2xx or 3xx responses|Socket errors).*")


def fastest(served: Served, paths: Sequence[str], seconds: float) -> float:
    """Answers a second to one core of wrk over 16 connections, which ask for the paths in turn."""
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        listed = ",".join(f'"{path}"' for path in paths)
        script.write(f"local paths = {{{listed}}}" + _SCRIPT.replace("TOKEN", served.token))
        script.flush()
        command = ["taskset", "-c", CLIENT, program, "-t1", f"-c{_CONNECTIONS}"]
        command += [f"-d{max(1, round(seconds))}s", "-s", script.name, served.url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    trouble = _TROUBLE.search(said)
    if trouble:
        raise SystemExit(f"wrk: {trouble[0]}")
    return float(_RATE.findall(said)[0])


def tail(served: Served, paths: Sequence[str], rate: float, seconds: float) -> float:
    """p99 in ms at this rate, from the planned moment of each request (seed 1, Poisson)."""
    gaps = np.random.default_rng(1).exponential(1 / rate, int(rate * seconds))
    due, took = np.cumsum(gaps), np.empty(len(gaps))
    connection = Connection(urlsplit(served.url).netloc)
    headers = {"Authorization": f"Bearer {served.token}"}
    begun = time.monotonic() + 0.1
    for place, moment in enumerate(due):
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        connection.request("GET", paths[place % len(paths)], headers=headers)
        answer = connection.getresponse()
        answer.read()
        took[place] = time.monotonic() - begun - moment
        if answer.status != 200:
            raise SystemExit(f"status {answer.status}")
    connection.close()
    return float(np.quantile(took, 0.99) * 1e3)


@dataclass
class Crowd:
    """What writers and readers saw."""

    stored: list[str] = field(default_factory=list)  # ids that the service acknowledged
    verdicts: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lost: int = 0  # acknowledged, and not there afterwards


def crowd(served: Served, writers: int, readers: int, seconds: float) -> Crowd:
    """So many of either at once; then every acknowledged report is asked for."""
    found, ends = Crowd(), time.monotonic() + seconds
    steps: list[Callable[[Connection, int], None]] = [
        *(partial(_write, found, served, who) for who in range(writers)),
        *(partial(_read, found, served, who) for who in range(readers)),
    ]

    def work(step: Callable[[Connection, int], None]) -> None:
        connection = Connection(urlsplit(served.url).netloc, timeout=30)
        for number in itertools.count():
            if time.monotonic() > ends:
                return connection.close()
            try:
                step(connection, number)
            except OSError as problem:
                found.errors.append(repr(problem))
                connection.close()

    threads = [threading.Thread(target=work, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.lost = sum(not _there(served, key) for key in found.stored)
    return found


def _write(found: Crowd, served: Served, writer: int, connection: Connection, number: int) -> None:
    body = body_of(number, name=f"crowd-{writer}")
    answer = _asked(connection, served, "POST", "/v1/reports", body)
    found.stored.append(json.loads(answer)["id"])


def _read(found: Crowd, served: Served, reader: int, connection: Connection, number: int) -> None:
    path = f"/v1/gate/{digest_of((31 * reader + number) % 1000)}"
    found.verdicts.append(json.loads(_asked(connection, served, "GET", path))["verdict"])


def _there(served: Served, key: str) -> bool:
    return hashlib.sha256(served.get(f"/v1/reports/{key}")).hexdigest() == key


def _asked(
    connection: Connection,
    served: Served,
    method: str,
    path: str,
    body: bytes | None = None,
) -> str:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {served.token}"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status not in (200, 201):
        raise OSError(f"{method} {path}: {answer.status} {text[:200]}")
    return text


def opening(ledger: Path, runs: int) -> float:
    """Median seconds that a process needs to open a ledger and to answer once."""
    program = (
        "import sys, time; from harness.ledger import open_ledger; began = time.perf_counter();"
        "ledger = open_ledger(sys.argv[1]); ledger.latest(sys.argv[2], 'policy');"
        "print(time.perf_counter() - began)"
    )
    took = []
    for _ in range(runs):
        command = [sys.executable, "-c", program, str(ledger), digest_of(5)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        took.append(float(said))
    return float(np.median(took))
