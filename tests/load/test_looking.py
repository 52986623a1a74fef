"""When a running load run is over, told from made-up rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from harness.config import Gate
from harness.limits import Limit
from harness.load.conduct import Looking
from harness.load.driving.record import ROW, Rows
from harness.load.locustside import layout
from harness.load.planned import plan


class _Running:
    """Stands for the driver of a run whose every request is answered after `seconds`."""

    def __init__(self, made: plan.Plan, seconds: float) -> None:
        self.origin = time.monotonic() - 10_000.0
        self._rows = np.zeros(len(made.schedule), dtype=ROW)
        self._rows["planned"] = self._rows["sent"] = self.origin + made.schedule
        self._rows["service"], self._rows["status"] = seconds, 200
        self._rows["flags"] = layout.TICKET
        self.asked = 0
        self.names: dict[int, str] = {}

    def rows(self) -> Rows:
        self.asked += 1
        return self._rows


def _looked(made: plan.Plan, seconds: float) -> tuple[Looking, _Running]:
    """Every look, one after the other, until one is enough or none is left."""
    running: Any = _Running(made, seconds)
    looking = Looking(made, running)
    for _ in made.looks:
        if looking.over():
            break
    return looking, running


def _plan(gate: Gate, **limits: str) -> plan.Plan:
    assert gate.load is not None
    return plan.make(gate.load, {k: Limit.parse(v) for k, v in limits.items()}, 0.95)


def test_a_run_ends_at_the_first_look_that_decides_every_limit(gate: Callable[..., Gate]) -> None:
    made = _plan(gate(rate="200 /s", duration="60 s"), latency_p99="<= 1 s", error_rate="<= 5 %")
    looking, running = _looked(made, 0.01)
    assert looking.look.n < made.looks[-1].n
    assert running.asked == 1 + made.looks.index(looking.look)


def test_a_limit_that_is_not_decided_keeps_it_going(gate: Callable[..., Gate]) -> None:
    made = _plan(gate(rate="200 /s", duration="60 s"), latency_p50="<= 1 s", error_rate="<= 0 %")
    looking, running = _looked(made, 0.01)
    assert looking.look is made.looks[-1]
    assert running.asked == len(made.looks) - 1


def test_without_a_limit_it_runs_to_its_end(gate: Callable[..., Gate]) -> None:
    made = _plan(gate(rate="200 /s", duration="60 s"))
    assert _looked(made, 0.01)[0].look is made.looks[-1]


def test_a_soak_is_not_ended_by_a_decision(gate: Callable[..., Gate]) -> None:
    made = _plan(gate(rate="20 /s", duration="30 s", soak="300 s"), latency_p50="<= 1 s")
    assert _looked(made, 0.01)[0].look is made.looks[-1]


def test_one_failed_limit_aborts_a_soak_once_that_is_allowed(gate: Callable[..., Gate]) -> None:
    keys = {"rate": "20 /s", "soak": "300 s", "abort_after": "100 s"}
    made = _plan(gate(**keys), latency_p50="<= 1 ms", error_rate="<= 0 %")
    looking, _ = _looked(made, 0.01)
    assert looking.look.n < made.looks[-1].n
    assert looking.look.n >= 20 * 100 * 0.8
    passing = _plan(gate(**keys), latency_p50="<= 1 s")
    assert _looked(passing, 0.01)[0].look is passing.looks[-1]


def test_before_a_look_is_due_nothing_is_read(gate: Callable[..., Gate]) -> None:
    made = _plan(gate(rate="200 /s", duration="60 s"), latency_p99="<= 1 s")
    running: Any = _Running(made, 0.01)
    running.origin = time.monotonic()
    assert not Looking(made, running).over()
    assert running.asked == 0
