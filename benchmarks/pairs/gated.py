"""The gate's evaluation of a pair, in a process of its own, with its speed and its memory.

    python -m benchmarks.pairs.gated FOLDER KEY=VALUE...

Writes a gate.toml with these keys of `[accuracy]` to FOLDER, evaluates with every metric and the
ledger of changed rows, and prints JSON. No limit is in force, so that nothing ends early.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

_GATE = """version = 1
[candidate]
name = "benchmark"
url = "http://127.0.0.1:9"
[contract]
path = "/predict"
[accuracy]
{}
"""


@dataclass(frozen=True, slots=True)
class Gated:
    """One evaluation."""

    rows: int
    rate: float  # rows a second over the last three quarters of the blocks
    cpu: float  # seconds on a processor for each row, over the same blocks
    seconds: float  # of everything: processes started, data and models hashed and opened
    peak: float  # MiB of all processes together, at the worst moment


def measure(folder: Path, **accuracy: str | int | bool) -> Gated:
    """An evaluation in a process of its own, whose copies and caches lie in `folder`."""
    pairs = [f"{key}={json.dumps(value)}" for key, value in accuracy.items()]
    command = [sys.executable, "-m", __name__, str(folder), *pairs]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the evaluation failed:\n{done.stderr}")
    return Gated(**json.loads(done.stdout.splitlines()[-1]))


class Memory(threading.Thread):
    """The most memory that this process and its children held at one moment, looked at often."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0.0  # MiB
        self.processes: list[psutil.Process] = []  # that were there when it was last looked
        self._over = threading.Event()

    def run(self) -> None:
        """Look four times a second: looking costs time as well."""
        here = psutil.Process()
        while not self._over.wait(0.25):
            held = 0
            self.processes = [here, *here.children(recursive=True)]
            for process in self.processes:
                try:
                    held += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, held / 2**20)

    def end(self) -> float:
        """The most that was seen."""
        self._over.set()
        self.join()
        return self.peak


def evaluate(folder: Path, keys: list[str]) -> Gated:
    """Evaluate here."""
    from harness.accuracy import evaluate
    from harness.accuracy.counting import Counts
    from harness.accuracy.evidence import Ledger
    from harness.config import load

    path = folder / "gate.toml"
    path.write_text(_GATE.format("\n".join(key.replace("=", " = ", 1) for key in keys)))
    gate = load(path)
    memory = Memory()
    memory.start()
    moments: list[tuple[float, float, int]] = []
    began = time.perf_counter()
    with Ledger(folder) as ledger:

        def each(counts: Counts) -> None:
            moments.append((time.perf_counter(), worked(memory.processes), counts.rows))
            ledger.add(counts)

        found = evaluate(gate, each=each)
    seconds = time.perf_counter() - began
    steady = moments[len(moments) // 4 :]  # before that, processes are still being started
    rows = sum(count for _, _, count in steady[1:])
    between = steady[-1][0] - steady[0][0]
    cpu = (steady[-1][1] - steady[0][1]) / rows if rows else 0.0
    rate = rows / between if rows else 0.0  # one block has no interval
    return Gated(found.counts.rows, rate, cpu, seconds, memory.end())


def worked(processes: list[psutil.Process]) -> float:
    """Seconds on a processor of all of them so far."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def main(arguments: list[str]) -> None:
    """Evaluate, print."""
    found: dict[str, Any] = asdict(evaluate(Path(arguments[0]), arguments[1:]))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
