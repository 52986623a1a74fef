"""The gate's own load, as its checks make it, on a core of its own."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loading.servers import ANSWER, CLIENT, CORES
from harness.config import Gate, load
from harness.contract import Contract
from harness.limits import Limit
from harness.load import Rig
from harness.model import Exit, Usage

_GATE = """version = 1
[candidate]
name = "sentiment"
url = "{url}"
[contract]
path = "/predict"
examples = "examples.jsonl"
[load]
rate = "{rate}"
duration = "30 s"
users = {users}
"""
BODY = '{"text": "a film that nobody should miss"}'


@dataclass(frozen=True)
class Server:
    """An endpoint that is a process of this benchmark."""

    base_url: str

    def running(self) -> bool:
        """Always."""
        return True

    def usage(self) -> Usage:
        """Not measured."""
        return Usage(at=time.monotonic())

    def exit(self) -> Exit | None:
        """Never."""
        return None


@contextmanager
def rig(
    url: str, limits: Mapping[str, Limit], rate: str = "200 /s", users: int = 64, requests: int = 1
) -> Iterator[tuple[Gate, Contract, Rig]]:
    """A Locust process of the gate's that is pinned to the client's core."""
    bodies = [BODY, *(json.dumps({"text": f"film number {i}"}) for i in range(1, requests))]
    with tempfile.TemporaryDirectory() as folder:
        rows = [{"request": json.loads(body), "response": json.loads(ANSWER)} for body in bodies]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        Path(folder, "examples.jsonl").write_text(lines, encoding="utf-8")
        path = Path(folder, "gate.toml")
        path.write_text(_GATE.format(url=url, rate=rate, users=users), encoding="utf-8")
        gate = load(path)
        contract = Contract.load(gate)
        os.sched_setaffinity(0, {CLIENT})  # inherited by the process that the rig starts
        try:
            made = Rig(gate, Server(url), contract, limits)
        finally:
            os.sched_setaffinity(0, set(CORES))
        with made:
            yield gate, contract, made
