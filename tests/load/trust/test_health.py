"""The load generator's verdict upon itself."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from harness.load.driving.window import Window
from harness.load.trust.calibration import Pressure
from harness.load.trust.health import doubts, excuses, of_host


def _window(n: int = 1000) -> Window:
    no = np.zeros(n, dtype=np.bool_)
    return Window(
        start=0.0,
        seconds=10.0,
        planned=np.linspace(0, 9.9, n),
        response=np.full(n, 0.010),
        service=np.full(n, 0.0099),
        lateness=np.full(n, 0.0001),
        status=np.full(n, 200, dtype=np.int16),
        unsent=no,
        silent=no,
        queued=no,
        pending=no,
        errors=no,
        done=n,
    )


def test_a_run_on_time_has_neither_doubts_nor_excuses() -> None:
    assert doubts(_window()) == excuses(_window(), 64, 0.25, 0.3) == ()


def test_late_sends_are_an_excuse_with_their_figure() -> None:
    late = np.full(1000, 0.040)
    (text,) = excuses(replace(_window(), lateness=late), 64, 0.25, 0.3)
    assert "p99 of its lateness is 40.0 ms, expected at most 25.0 ms" in text


def test_lateness_behind_busy_users_is_the_candidates_and_no_excuse() -> None:
    queued = np.ones(1000, dtype=np.bool_)
    window = replace(
        _window(),
        lateness=np.full(1000, np.nan),
        queued=queued,
        service=np.full(1000, 1.0),
    )
    assert excuses(window, 64, 0.25, 0.3) == ()


def test_a_busy_client_is_an_excuse() -> None:
    (text,) = excuses(_window(), 64, 0.25, 0.93)
    assert "used 93 % of its processor core" in text


def test_users_that_are_busy_with_their_own_work_are_an_excuse() -> None:
    queued = np.zeros(1000, dtype=np.bool_)
    queued[:300] = True
    (text,) = excuses(replace(_window(), queued=queued), 64, 0.25, 0.3)
    assert "30.0 % of the requests found all 64 users busy" in text


def test_users_that_left_requests_unsent_without_waiting_for_an_answer_are_an_excuse() -> None:
    late = np.arange(1000) >= 10
    window = replace(
        _window(), queued=late, unsent=late, service=np.where(late, np.nan, 0.01), done=10
    )
    (text,) = excuses(window, 4, 0.25, 0.3)
    assert "99.0 % of the requests found all 4 users busy, while only 0.0 requests were" in text


def test_a_client_that_stood_still_is_an_excuse_and_explains_its_busy_users() -> None:
    queued = np.arange(1000) < 300
    (text,) = excuses(replace(_window(), queued=queued), 64, 0.25, 0.3, stalled=1.2)
    assert "stood still for 1.20 s of 10.0 s, expected at most 1 %" in text


def test_silent_tasks_are_doubted() -> None:
    silent = np.zeros(1000, dtype=np.bool_)
    silent[:50] = True
    (text,) = doubts(replace(_window(), silent=silent))
    assert "5.0 % of the tasks" in text


def test_bunched_sends_are_doubted() -> None:
    late = np.full(1000, 0.0001)
    late[-150:] = 5.0
    texts = doubts(replace(_window(), lateness=late))
    assert any("85.0 requests a second where 100.0 were planned" in text for text in texts)


def test_a_quiet_machine_is_no_excuse() -> None:
    assert of_host((0.002, 0.0024), Pressure(steal=0.01, waiting=0.1, foreign=0.2)) == ()


def test_what_was_not_measured_is_no_excuse() -> None:
    assert of_host(None, Pressure()) == ()


@pytest.mark.parametrize(
    ("pressure", "figure"),
    [
        (Pressure(steal=0.12), "the hypervisor gave 12.0 % of this machine's processor time"),
        (Pressure(waiting=0.3, foreign=1.4), r"other work used 1\.4 cores .* in 30 % of the time"),
        (Pressure(waiting=0.7), r"whose work is not known: .* in 70 % of the time"),
    ],
)
def test_others_at_work_are_an_excuse_with_their_figure(pressure: Pressure, figure: str) -> None:
    (text,) = of_host(None, pressure)
    assert re.search(figure, text)


@pytest.mark.parametrize(
    "pressure", [Pressure(waiting=0.9, foreign=0.1), Pressure(waiting=0.1, foreign=1.9)]
)
def test_waiting_behind_the_candidate_itself_is_no_excuse(pressure: Pressure) -> None:
    """Nor are others who take nothing away."""
    assert of_host(None, pressure) == ()


@pytest.mark.parametrize("spins", [(0.002, 0.0031), (0.0031, 0.002)])
def test_a_machine_that_changed_its_speed_is_an_excuse(spins: tuple[float, float]) -> None:
    (text,) = of_host(spins, Pressure())
    assert "changed its speed" in text
    assert "2.00 ms" in text and "3.10 ms" in text
