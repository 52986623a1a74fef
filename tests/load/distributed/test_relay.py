"""A master and its workers, as processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.load import LoadError
from harness.load.driving.generator import Generator, Told
from harness.load.driving.record import has, read_rows
from harness.load.locustside import layout

Workers = list[subprocess.Popen[str]]

GATE = """
version = 1
candidate = { name = "fake", url = "http://127.0.0.1:8080" }
contract = { path = "/predict", examples = "examples.jsonl" }
[load]
rate = "100 /s"
arrivals = "constant"
warmup = "0.5 s"
duration = "1.5 s"
[policy]
required = ["load.errors"]
limits = { "load.error_rate" = "<= 10 %" }
"""

USERS = """
from locust import HttpUser, constant, task

class Reader(HttpUser):
    wait_time = constant(60)

    @task
    def ask(self):
        self.client.post("/predict", json={"text": "fine"}, name="ask")
"""


def begin(generator: Generator, folder: Path, phase: int, seconds: float, target: str) -> Told:
    """Let an open phase of 50 requests a second begin."""
    schedule = np.arange(1, seconds * 50 + 1) / 50
    schedule.astype("<f8").tofile(folder / layout.schedule(phase))
    return generator.begin(
        phase,
        kind="open",
        schedule=layout.schedule(phase),
        target=target,
        bodies="all",
        users=4,
        timeout=5.0,
        patience=2.0,
    )


def follow(generator: Generator, told: Told) -> None:
    """To the end of the phase."""
    while told.ended is None:
        time.sleep(0.02)
        generator.follow()


def test_the_merged_result_is_the_sum_of_what_machines_of_their_own_sent(
    machines: list[Any], tmp_path: Path
) -> None:
    """Each machine puts load on its own 127.0.0.1; only Locust's messages go between them."""
    (tmp_path / "gate.toml").write_text(GATE, encoding="utf-8")
    example = {"request": {"text": "fine"}, "response": {"positive": True}}
    (tmp_path / "examples.jsonl").write_text(json.dumps(example), encoding="utf-8")
    centre, left, right = machines
    joined = [
        machine.python("-m", "harness", "load", "worker", "--master", f"10.213.{number}.1:5557")
        for number, machine in enumerate((left, right), 1)
    ]
    address = ["--workers", "2", "--bind", "0.0.0.0", "--port", "5557"]
    command = ["-m", "harness", "load", "master", "gate.toml", *address, "--report", "out"]
    master = centre.python(*command, cwd=tmp_path)
    said = master.communicate(timeout=60)[0]
    assert master.returncode == 0, said
    assert [process.wait(10) for process in joined] == [0, 0]
    assert [left.counted(), right.counted()] == [100, 100]
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    (errors,) = [check for check in report["checks"] if check["id"] == "load.errors"]
    (rate,) = [item for item in errors["measurements"] if item["name"] == "error_rate"]
    assert (rate["value"], rate["n"]) == (0.0, 150)  # without the warm-up
    assert re.search(r"load came from 2 workers", json.dumps(report))


def test_a_locustfile_travels_and_its_requests_are_merged_to_the_last(
    serve: Callable[..., Any],
    master: Callable[..., Generator],
    workers: Workers,
    tmp_path: Path,
) -> None:
    with master(USERS) as generator:
        told = begin(generator, tmp_path, 1, 1.0, serve().base_url)
        follow(generator, told)
        names = generator.names
    rows = read_rows(tmp_path / layout.RECORDS)
    tickets = rows[has(rows, layout.TICKET)]
    assert np.array_equal(np.sort(tickets["planned"]), told.origin + np.arange(1, 51) / 50)
    assert [names[number] for number in rows["name"]] == ["POST ask"] * 50
    assert not has(rows, layout.FAILED).any()
    assert [process.wait(10) for process in workers] == [0, 0]
    said = [process.communicate()[0] for process in workers]
    assert all("done: 25 requests" in text for text in said)


def test_a_killed_worker_ends_the_run_with_its_cause(
    serve: Callable[..., Any],
    master: Callable[..., Generator],
    workers: Workers,
    tmp_path: Path,
) -> None:
    with pytest.raises(LoadError, match=r"worker \d \(.*\) of 2 was lost: ") as problem:
        with master() as generator:
            told = begin(generator, tmp_path, 1, 60.0, serve().base_url)
            os.killpg(workers[0].pid, signal.SIGKILL)
            follow(generator, told)
    assert re.search(r"\d+ of 1500 planned requests of its part of phase 1", str(problem.value))
    assert workers[1].wait(10) == 3
    assert "the master broke off: worker" in workers[1].communicate()[0]


def test_a_candidate_that_workers_cannot_reach_has_not_failed(
    master: Callable[..., Generator], workers: Workers, tmp_path: Path
) -> None:
    with pytest.raises(LoadError, match=r"http://127.0.0.1:9 cannot be reached from here"):
        with master() as generator:
            begin(generator, tmp_path, 1, 1.0, "http://127.0.0.1:9")
    assert [process.wait(10) for process in workers] == [3, 3]
