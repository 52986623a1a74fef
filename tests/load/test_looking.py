"""When a running load run is over, told from made-up rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.config import Gate
from harness.limits import Limit
from harness.load import conduct
from harness.load.conduct import Looking
from harness.load.driving.record import ROW, Rows
from harness.load.locustside import layout
from harness.load.planned import plan


class _Running:
    """Stands for the driver of a run whose every request is answered after `seconds`."""

    def __init__(self, made: plan.Plan, seconds: float, ago: float = 10_000.0) -> None:
        self.origin = time.monotonic() - ago
        self.sent = np.zeros(len(made.schedule), dtype=ROW)
        self.sent["planned"] = self.sent["sent"] = self.origin + made.schedule
        self.sent["service"], self.sent["status"] = seconds, 200
        self.sent["flags"] = layout.TICKET
        self.asked = 0
        self.names: dict[int, str] = {}

    def rows(self) -> Rows:
        self.asked += 1
        return self.sent


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


def _at(made: plan.Plan, after: float) -> tuple[Looking, Any]:
    """A run that is so many seconds past the last planned request of its first look."""
    last = float(made.schedule[made.first + made.looks[0].n - 1])
    running: Any = _Running(made, 0.01, ago=last + after)
    return Looking(made, running), running


def test_a_look_is_taken_as_soon_as_all_that_it_judges_is_answered(
    gate: Callable[..., Gate],
) -> None:
    made = _plan(gate(rate="200 /s", duration="60 s"), latency_p99="<= 1 s")
    assert _at(made, after=0.1)[0].over()


def test_for_an_answer_that_may_still_come_in_time_a_look_waits(gate: Callable[..., Gate]) -> None:
    made = _plan(gate(rate="200 /s", duration="60 s"), latency_p50="<= 1 s")
    for after, over in ((0.1, False), (made.horizon + 1, True)):
        looking, running = _at(made, after)
        running.sent = np.delete(running.sent, made.first + 5)
        assert looking.over() is over


def test_where_tasks_may_send_more_than_was_planned_a_look_waits_for_that_too(
    gate: Callable[..., Gate],
) -> None:
    made = _plan(gate(rate="200 /s", duration="60 s"), latency_p50="<= 1 s")
    for after, over in ((0.1, False), (made.horizon + 1, True)):
        running = _at(made, after)[1]
        assert Looking(made, running, further=True).over() is over


def test_a_large_record_is_seldom_read_while_a_look_waits(
    gate: Callable[..., Gate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conduct, "_SELDOM", 1e9)
    made = _plan(gate(rate="200 /s", duration="60 s"), latency_p50="<= 1 s")
    looking, running = _at(made, after=0.1)
    running.sent = np.delete(running.sent, made.first + 5)
    assert [looking.over() for _ in range(3)] == [False] * 3
    assert running.asked == 1
