"""Rows of the record become one entry for each planned request."""

from __future__ import annotations

import math

import numpy as np

from harness.load.driving.record import ROW, Rows
from harness.load.driving.window import Gathering, Window
from harness.load.locustside import layout

_SCHEDULE = np.array([0.0, 1.0, 2.0, 3.0])


def _rows(*rows: tuple[float, float, float, int, int, int, int]) -> Rows:
    return np.array([(*row, 1) for row in rows], dtype=ROW)


def _window(rows: Rows, first: int, last: int, end: float) -> Window:
    gathered = Gathering(_SCHEDULE, 100.0)
    gathered.take(rows)
    return gathered.window(first, last, end)


def test_response_counts_from_the_plan_and_service_from_the_send() -> None:
    rows = _rows((101.0, 101.5, 0.25, 200, 0, 1, layout.TICKET | layout.QUEUED))
    window = _window(rows, 1, 2, 2.0)
    assert window.response.tolist() == [0.75]
    assert window.service.tolist() == [0.25]
    assert math.isnan(window.lateness[0])  # every user was busy: not the client's doing


def test_lateness_is_the_clients_own_where_a_user_was_idle() -> None:
    rows = _rows((101.0, 101.5, 0.25, 200, 0, 1, layout.TICKET))
    assert _window(rows, 1, 2, 2.0).lateness.tolist() == [0.5]


def test_failed_and_missing_answers_are_infinitely_slow() -> None:
    rows = _rows(
        (100.0, 100.0, 0.1, 503, 0, 0, layout.TICKET | layout.FAILED),
        (101.0, 101.0, 0.1, 200, 0, 7, layout.TICKET | layout.FAILED),
        (102.0, 102.0, 0.1, 200, 0, 1, layout.TICKET),
    )
    window = _window(rows, 0, 4, 4.0)
    assert np.isinf(window.response).tolist() == [True, True, False, True]
    assert window.pending.tolist() == [False, False, False, True]
    assert window.errors.tolist() == [True, True, False]
    assert window.done == 1


def test_answers_that_end_inside_count_wherever_they_were_planned() -> None:
    rows = _rows(
        (100.0, 100.0, 0.1, 200, 0, 1, layout.TICKET),  # before the window: ends before it
        (101.0, 101.0, 1.5, 200, 0, 1, layout.TICKET),  # planned before, ends inside
        (102.0, 102.0, 9.0, 200, 0, 1, layout.TICKET),  # planned inside, ends after
    )
    window = _window(rows, 2, 4, 4.0)
    assert window.start == 101.0
    assert window.done == 1


def test_further_requests_of_a_task_count_as_errors_but_not_as_latencies() -> None:
    rows = _rows(
        (101.0, 101.0, 0.1, 200, 0, 1, layout.TICKET),
        (101.2, 101.2, 0.1, 500, 1, 0, layout.FAILED),
    )
    window = _window(rows, 1, 2, 2.0)
    assert len(window.response) == 1
    assert window.errors.tolist() == [False, True]
    assert window.error_names.tolist() == [0, 1]


def test_a_task_without_a_request_is_neither_slow_nor_an_error() -> None:
    rows = _rows((101.0, 101.0, 0.0, 0, 0, 0, layout.TICKET | layout.FAILED | layout.SILENT))
    window = _window(rows, 1, 2, 2.0)
    assert window.n == 0
    assert window.silent.tolist() == [True]
    assert window.errors.tolist() == []


def test_rows_may_come_in_pieces_and_in_any_order() -> None:
    rows = _rows(
        (102.0, 102.0, 0.1, 200, 3, 1, layout.TICKET),
        (100.0, 100.0, 0.2, 200, 4, 1, layout.TICKET),
        (101.0, 101.0, 0.3, 200, 5, 1, layout.TICKET),
    )
    gathered = Gathering(_SCHEDULE, 100.0)
    gathered.take(rows[:1])
    assert gathered.window(0, 3, 3.0).pending.tolist() == [True, True, False]
    gathered.take(rows[1:])
    window = gathered.window(0, 3, 3.0)
    assert window.response.tolist() == np.array([0.2, 0.3, 0.1], dtype="f4").tolist()
    assert window.names.tolist() == [4, 5, 3]


def test_answers_to_requests_that_were_often_dropped_at_first_may_be_failures() -> None:
    again = layout.TICKET | layout.RETRIED
    rows = _rows(
        (100.0, 100.0, 0.1, 200, 0, 1, again),
        (101.0, 101.0, 0.1, 0, 0, 0, again | layout.FAILED),
        (102.0, 102.0, 0.1, 200, 0, 1, layout.TICKET | layout.DOUBTFUL),
        (103.0, 103.0, 0.1, 200, 0, 1, layout.TICKET),
    )
    assert _window(rows, 0, 4, 4.0).perhaps.tolist() == [True, False, True, False]


def test_one_kept_connection_closed_too_early_is_a_race() -> None:
    schedule = np.arange(100.0)
    rows = np.zeros(100, dtype=ROW)
    rows["planned"] = rows["sent"] = 100.0 + schedule
    rows["flags"], rows["status"] = layout.TICKET, 200
    rows["flags"][50] |= layout.RETRIED
    gathered = Gathering(schedule, 100.0)
    gathered.take(rows)
    assert not gathered.window(0, 100, 100.0).perhaps.any()
