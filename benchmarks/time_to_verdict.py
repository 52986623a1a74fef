"""Time to verdict of a gate, and how much of it nobody could save.

    .venv/bin/python benchmarks/time_to_verdict.py [gate.toml] [--runs 5]

Runs the gate as a user would, prints the median and where the time went, and its ratio to the
irreducible part of the same machine at the same time: container start to ready + load time + bare
inference of both models on every row + stop.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.config import Gate, load
from harness.run import Run
from harness.units import in_base

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gate", nargs="?", default=str(ROOT / "examples/sentiment/gate.toml"))
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    gate = load(arguments.gate)
    runs, parts = [], []
    for _ in range(arguments.runs):  # side by side: both see the same machine
        runs.append(timed_gate(gate.path))
        parts.append(irreducible(gate))
    middle = sorted(runs, key=lambda run: run["total"])[len(runs) // 2]
    total = middle["total"]
    print(
        f"time to verdict: median {total:.2f} s of {arguments.runs} runs, "
        f"{min(r['total'] for r in runs):.2f} to {max(r['total'] for r in runs):.2f} s"
    )
    show_times(middle)
    show_ratio(gate, middle["report"], total, parts)


def timed_gate(path: Path) -> dict[str, Any]:
    """One `gate run` as a whole process: wall seconds and its report."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "harness", "run", str(path), "--report", folder, "--quiet"]
        began = time.time()
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        ended = time.time()
        if done.returncode != 0:
            raise SystemExit(f"the gate did not pass:\n{done.stdout}{done.stderr}")
        report = json.loads(Path(folder, "report.json").read_text(encoding="utf-8"))
    return {"total": ended - began, "began": began, "ended": ended, "report": report}


def irreducible(gate: Gate) -> dict[str, float]:
    """Seconds that any harness must spend: start to ready, stop, bare inference of both models."""
    run = Run(gate)
    run.candidate()
    run.contract()
    parts = {}
    try:
        parts["start to ready"] = clocked(run.startup)
        endpoint = run.endpoint()
        parts["stop"] = clocked(lambda: endpoint.stop(in_base(gate.candidate.grace, "time")))
    finally:
        run.close()
    if gate.accuracy is not None:
        models = [gate.accuracy.reference, gate.accuracy.candidate]
        parts["bare inference"] = sum(bare_inference(gate, model) for model in models)
    return parts


def bare_inference(gate: Gate, model: str) -> float:
    """Seconds of a plain `session.run` loop over the data set, loading included."""
    import numpy as np
    import onnxruntime

    assert gate.accuracy is not None
    rows = np.load(gate.find(gate.accuracy.dataset), allow_pickle=False)[gate.accuracy.inputs]

    def loop() -> None:
        session = onnxruntime.InferenceSession(str(gate.find(model)))
        name = session.get_inputs()[0].name
        for start in range(0, len(rows), 32):
            session.run(None, {name: rows[start : start + 32]})

    return clocked(loop)


def clocked(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def show_times(run: dict[str, Any]) -> None:
    """Where the time of one run went: each check, and what is none."""
    report, total = run["report"], run["total"]
    spent = {check["id"]: check["duration_s"] for check in report["checks"]}
    for name, took in sorted(spent.items(), key=lambda item: -item[1]):
        if took >= 0.01:
            show_row(name, took, total)
    began, ended = (moment(report[key]) for key in ("started_at", "finished_at"))
    show_row("harness start-up", began - run["began"], total)
    show_row("collection and teardown", ended - began - sum(spent.values()), total)
    show_row("report and exit", run["ended"] - ended, total)


def show_row(name: str, took: float, total: float) -> None:
    """One line, with the share of the whole."""
    print(f"  {name:<28} {took:6.2f} s  {took / total:6.1%}")


def moment(text: str) -> float:
    """Seconds since the epoch of an ISO time."""
    return dt.datetime.fromisoformat(text).timestamp()


def show_ratio(
    gate: Gate, report: dict[str, Any], total: float, parts: list[dict[str, float]]
) -> None:
    """The total against what nobody could save."""
    medians = {name: statistics.median(part[name] for part in parts) for name in parts[0]}
    for name, took in medians.items():
        print(f"  irreducible: {name:<15} {took:6.2f} s")
    least = sum(medians.values())
    for name, took in (("declared", declared(gate)), ("offered", offered(report))):
        print(f"  load {name:<9} {took:6.2f} s: ratio {total / (least + took):.2f}")
    print("the ratio with the declared load time should be at most 1.5; a gate may end its load")
    print("early, and the ratio with the time that load was really offered is the stricter one")


def declared(gate: Gate) -> float:
    """Seconds of load that gate.toml declares, warm-up included."""
    if gate.load is None:
        return 0.0
    return in_base(gate.load.warmup, "time") + in_base(gate.load.duration, "time")


def offered(report: dict[str, Any]) -> float:
    """Seconds during which the gate offered load, warm-up included."""
    for check in report["checks"]:
        for measured in check["measurements"]:
            if check["id"].startswith("load.") and measured["name"] == "offered_for":
                return float(measured["value"])
    return 0.0


if __name__ == "__main__":
    main()
