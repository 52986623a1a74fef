"""What can be told of one phase from its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.load import Phase
from harness.load.driving.phases import stalled
from harness.load.driving.record import ROW
from harness.load.locustside import layout
from harness.load.trust.calibration import Pressure

_TICKET = layout.TICKET
_FAILED = layout.TICKET | layout.FAILED


def _phase(flags: list[int], service: float = 0.005, late: float = 0.0001, **keys: Any) -> Phase:
    """One request every 10 ms from 100 s on."""
    n = len(flags)
    rows = np.zeros(n, dtype=ROW)
    rows["planned"] = 100.0 + np.arange(n) * 0.01
    rows["sent"] = rows["planned"] + late
    rows["service"], rows["status"], rows["flags"] = service, 200, flags
    keys = {"kind": "open", "schedule": np.arange(n) * 0.01, "origin": 100.0, "users": 8, **keys}
    return Phase(id=1, target="http://t", rows=rows, start=100.0, end=100.0 + n / 100, **keys)


def test_response_counts_from_the_plan_and_failures_are_infinite() -> None:
    phase = _phase([_TICKET, _FAILED, layout.FAILED])
    assert phase.response.tolist() == [pytest.approx(0.0051, abs=1e-6), float("inf")]
    assert (len(phase.tickets), phase.failed) == (2, 1)


def test_a_phase_on_time_has_neither_doubts_nor_excuses() -> None:
    phase = _phase([_TICKET] * 500, client_cpu=0.2, spins=(0.002, 0.002))
    assert phase.doubts() == phase.excuses(tightest=0.1) == ()


def test_an_early_end_leaves_the_rest_of_the_schedule_out() -> None:
    phase = _phase([_TICKET] * 200, schedule=np.arange(1000) * 0.01, dealt=200)
    assert len(phase.window.planned) == 200
    assert phase.doubts() == ()


def test_requests_that_were_never_sent_are_doubted() -> None:
    phase = _phase([_TICKET] * 200, schedule=np.arange(400) * 0.01)
    assert any("requests a second where" in text for text in phase.doubts())


def test_a_phase_without_a_request_is_doubted() -> None:
    assert _phase([]).doubts() == ("nothing was sent",)


def test_a_closed_phase_is_doubted_for_its_silent_tasks() -> None:
    silent = [_FAILED | layout.SILENT] * 5 + [_TICKET] * 95
    (text,) = _phase(silent, kind="closed", schedule=None).doubts()
    assert "5.0 % of the tasks" in text


def test_lateness_a_busy_client_and_the_host_are_excuses() -> None:
    phase = _phase(
        [_TICKET] * 500,
        late=0.05,
        client_cpu=0.95,
        spins=(0.002, 0.004),
        pressure=Pressure(steal=0.3),
    )
    late, busy, steal, drift = phase.excuses(tightest=0.1)
    assert "late: p99 of its lateness is 50.0 ms" in late
    assert "used 95 %" in busy
    assert "30.0 %" in steal
    assert "changed its speed" in drift


def test_signs_of_life_that_are_held_up_show_how_long_locust_stood_still() -> None:
    """The first one comes a quarter of a second after the origin."""
    on_time = [{"at": 100.25 + 0.26 * i} for i in range(8)]
    assert stalled(100.0, on_time) == 0.0
    held_up = [{"at": at} for at in (100.25, 100.5, 101.75, 102.0)]
    assert stalled(100.0, held_up) == pytest.approx(1.0)
    assert stalled(100.0, [{"at": 101.25}]) == pytest.approx(1.0)


def test_a_window_needs_a_schedule() -> None:
    with pytest.raises(ValueError, match="phase 1 is closed: nothing was planned ahead"):
        _ = _phase([_TICKET], kind="closed", schedule=None).window
