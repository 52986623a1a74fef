"""Candidate beside baseline on a noisy machine: false alarms, regressions found, time to verdict.

    python -m benchmarks.regression [--runs 200] [--slower 1.10] [--calm] [--kept FILE]

Two servers of about 2 ms of work a request, both at its default or one of them slower; the gate's
own Locust process asks them as `load.regression` does, under its default limits and for at most
30 s. Meanwhile one process on each core computes now and then: on for 0.1 to 1.5 s, off as long.
Runs with equal and with unequal servers take turns. Each run is a line of FILE, and what FILE has
already is not run again: an interrupted benchmark goes on. It wants a machine that does nothing
else. Beside the gate's rule stand two others
on the same blocks: all requests of each side pooled, and the first half of the baseline's blocks
against the second half of the candidate's, as if one had been measured after the other.
The work is native (SHA-256), as a model's is: a loop of pure Python runs up to a fifth faster in
one process than in another of the same program, for as long as both live, which no comparison of
two processes can tell from a regression.
To reach: 0 of 200 equal pairs fail; of those 10 % slower at least 90 % do.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.config import Gate, load
from harness.contract import Contract
from harness.limits import Limit
from harness.load import Rig
from harness.load.paired.comparing import Compared, compare
from harness.load.paired.pairing import Block
from harness.load.paired.turns import Side, Turns
from harness.model import Exit, Startup, Usage
from harness.runtime.ports import free_port

LIMITS = {
    "latency_p50_ratio": Limit.parse("<= 1.05"),
    "latency_p90_ratio": Limit.parse("<= 1.15"),
}
WORK = 0.002  # seconds a request
GATE = """version = 1
[candidate]
name = "c"
url = "{url}"
[contract]
path = "/predict"
examples = "examples.jsonl"
[load]
duration = "30 s"
"""
SERVER = r"""
import asyncio, hashlib, sys
port, work = int(sys.argv[1]), bytes(int(sys.argv[2]))
answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue"

class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.data = transport, b""
    def data_received(self, data):
        self.data += data
        head, end, body = self.data.partition(b"\r\n\r\n")
        told = [row for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:")]
        if not end or len(body) < (int(told[0].split(b":")[1]) if told else 0):
            return
        self.data = b""
        hashlib.sha256(work).digest()
        self.transport.write(answer)

async def main():
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", port)
    print("up", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
NOISE = r"""
import os, random, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
chance = random.Random(int(sys.argv[2]))
while os.getppid() == int(sys.argv[3]):
    until = time.monotonic() + chance.uniform(0.1, 1.5)
    while time.monotonic() < until:
        sum(range(1000))
    time.sleep(chance.uniform(0.1, 1.5))
"""


@dataclass(frozen=True)
class Server:
    """An endpoint that is a process of this benchmark."""

    base_url: str
    process: int = 0

    def running(self) -> bool:
        """Always."""
        return True

    def usage(self) -> Usage:
        """Not measured."""
        return Usage(at=time.monotonic())

    def bind(self, processors: Sequence[int]) -> None:
        """As an engine binds a container."""
        os.sched_setaffinity(self.process, processors)

    def pause(self) -> None:
        """Both stay resident."""

    def unpause(self) -> None:
        """Likewise."""

    def stop(self, grace: float) -> Exit:
        """Likewise."""
        return Exit(code=None, seconds=0.0)

    def restart(self) -> None:
        """Likewise."""


@contextmanager
def started(*commands: list[str], await_line: bool = False) -> Iterator[list[int]]:
    """Processes that run while the block does; their numbers."""
    running = [
        subprocess.Popen([sys.executable, "-c", *command], stdout=subprocess.PIPE)
        for command in commands
    ]
    try:
        for process in running if await_line else ():
            assert process.stdout is not None and process.stdout.readline()
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.kill()
            process.communicate()


def bytes_of_work() -> int:
    """Bytes whose SHA-256 takes `WORK` seconds on a calm core."""
    best, size = float("inf"), 1_000_000
    for _ in range(50):
        begun = time.perf_counter()
        hashlib.sha256(bytes(size)).digest()
        best = min(best, time.perf_counter() - begun)
    return int(size * WORK / best)


def gate_for(folder: Path, url: str) -> Gate:
    """A gate with the limits and the duration of the default."""
    rows = [json.dumps({"request": {"text": f"text {i}"}, "response": True}) for i in range(50)]
    (folder / "examples.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (folder / "gate.toml").write_text(GATE.format(url=url), encoding="utf-8")
    return load(folder / "gate.toml")


def outcome_of(outcomes: list[str]) -> str:
    """As the check: a limit that failed outweighs one that is open."""
    return next((word for word in ("failed", "inconclusive") if word in outcomes), "passed")


def row_of(seen: Compared, slower: float) -> dict[str, Any]:
    """What is kept of one run."""
    found = {name: seen.measure(name) for name in LIMITS}
    old, new = ([getattr(pair, who) for pair in seen.pairs] for who in ("baseline", "candidate"))
    half = len(old) // 2
    return {
        "slower": slower,
        "outcome": outcome_of([str(LIMITS[name].judge(item)) for name, item in found.items()]),
        "ratios": [round(item.value, 4) for item in found.values()],
        "pairs": len(seen.pairs),
        "judged": len(seen.judged),
        "seconds": round(seen.seconds, 2),
        "pooled": round(pooled(new) / pooled(old), 4),
        "apart": round(pooled(new[half:]) / pooled(old[:half]), 4),
    }


def pooled(blocks: list[Block]) -> float:
    """The mean of the blocks' 90th percentiles."""
    return float(np.mean([block.p90 for block in blocks]))


def run(arguments: argparse.Namespace, kept: list[dict[str, Any]]) -> None:
    """What is missing in `kept`, each run appended to it and to the file."""
    work = bytes_of_work()
    # The first one is asked before all others, by the gate itself, and compared with nobody.
    factors = (1.0, 1.0, 1.0, arguments.slower)
    urls = [f"http://127.0.0.1:{free_port()}" for _ in factors]
    servers = [
        [SERVER, url.rpartition(":")[2], str(int(work * by))]
        for url, by in zip(urls, factors, strict=True)
    ]
    cores = sorted(os.sched_getaffinity(0))
    noise = [[NOISE, str(core), str(core), str(os.getpid())] for core in cores]
    with (
        tempfile.TemporaryDirectory() as folder,
        started(*servers, await_line=True) as pids,
        started(*([] if arguments.calm else noise)),
    ):
        sides = [
            Side(Server(url, pid), lambda: Startup(ready=True, seconds=0.0), 1.0)
            for url, pid in zip(urls, pids, strict=True)
        ]
        gate = gate_for(Path(folder), urls[0])
        with Rig(gate, Server(urls[0]), Contract.load(gate), LIMITS) as rig:
            while len(kept) < 2 * arguments.runs:
                kind = len(kept) % 2
                seen = compare(
                    *(rig.driver, Turns(sides[1], sides[2 + kind], "", 1.0), LIMITS),
                    seconds=30.0,
                    confidence=0.95,
                    seed=random.randrange(2**31),
                )
                kept.append(row_of(seen, factors[2 + kind]))
                with arguments.kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(kept[-1]) + "\n")
                print(len(kept), kept[-1], file=sys.stderr, flush=True)


def table(kept: list[dict[str, Any]], slower: float) -> str:
    """Shares by rule."""
    lines = [f"{'':34}{'runs':>6}{'failed':>8}{'open':>6}{'passed':>8}{'pairs':>7}{'seconds':>9}"]
    for by in (1.0, slower):
        rows = [row for row in kept if row["slower"] == by]
        if not rows:
            continue
        share = {
            word: sum(row["outcome"] == word for row in rows)
            for word in ("failed", "inconclusive", "passed")
        }
        pairs, seconds = (np.median([row[key] for row in rows]) for key in ("pairs", "seconds"))
        lines.append(
            f"{'candidate ' + ('equal' if by == 1.0 else f'{by - 1:.0%} slower'):34}{len(rows):>6}"
            f"{share['failed']:>8}{share['inconclusive']:>6}{share['passed']:>8}"
            f"{pairs:>7.0f}{seconds:>9.1f}"
        )
        for rule, word in (("pooled", "interleaved, mean"), ("apart", "one after the other, mean")):
            failed = sum(row[rule] > 1.10 for row in rows)
            lines.append(f"{f'  {word} p90 > 1.10':34}{len(rows):>6}{failed:>8}")
    return "\n".join(lines)


def main() -> None:
    """Go on with FILE, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # its processes end with it
    parser.add_argument("--runs", type=int, default=200, help="of either kind")
    parser.add_argument("--slower", type=float, default=1.10)
    parser.add_argument("--calm", action="store_true", help="without injected noise")
    parser.add_argument("--kept", type=Path, default=Path("regression.jsonl"))
    arguments = parser.parse_args()
    told = arguments.kept.read_text(encoding="utf-8") if arguments.kept.exists() else ""
    kept = [json.loads(line) for line in told.splitlines()]
    try:
        run(arguments, kept)
    finally:
        print(table(kept, arguments.slower))


if __name__ == "__main__":
    main()
