"""Rows of the record become one entry for each planned request."""

from __future__ import annotations

import math

import numpy as np

from harness.load.locustside import layout
from harness.load.record import ROW, Rows
from harness.load.window import cut

_SCHEDULE = np.array([0.0, 1.0, 2.0, 3.0])


def _rows(*rows: tuple[float, float, float, int, int, int, int]) -> Rows:
    return np.array(list(rows), dtype=ROW)


def test_response_counts_from_the_plan_and_service_from_the_send() -> None:
    rows = _rows((101.0, 101.5, 0.25, 200, 0, 1, layout.TICKET | layout.QUEUED))
    window = cut(rows, _SCHEDULE, 100.0, 1, 2, 2.0, {})
    assert window.response.tolist() == [0.75]
    assert window.service.tolist() == [0.25]
    assert math.isnan(window.lateness[0])  # every user was busy: not the client's doing


def test_lateness_is_the_clients_own_where_a_user_was_idle() -> None:
    rows = _rows((101.0, 101.5, 0.25, 200, 0, 1, layout.TICKET))
    assert cut(rows, _SCHEDULE, 100.0, 1, 2, 2.0, {}).lateness.tolist() == [0.5]


def test_failed_missing_and_wrong_answers_are_infinitely_slow() -> None:
    rows = _rows(
        (100.0, 100.0, 0.1, 503, 0, 0, layout.TICKET | layout.FAILED),
        (101.0, 101.0, 0.1, 200, 0, 7, layout.TICKET),
        (102.0, 102.0, 0.1, 200, 0, 1, layout.TICKET),
    )
    window = cut(rows, _SCHEDULE, 100.0, 0, 4, 4.0, {7: "response-schema"})
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
    window = cut(rows, _SCHEDULE, 100.0, 2, 4, 4.0, {})
    assert window.start == 101.0
    assert window.done == 1


def test_further_requests_of_a_task_count_as_errors_but_not_as_latencies() -> None:
    rows = _rows(
        (101.0, 101.0, 0.1, 200, 0, 1, layout.TICKET),
        (101.2, 101.2, 0.1, 500, 1, 0, layout.FAILED),
    )
    window = cut(rows, _SCHEDULE, 100.0, 1, 2, 2.0, {})
    assert len(window.response) == 1
    assert window.errors.tolist() == [False, True]


def test_a_task_without_a_request_is_neither_slow_nor_an_error() -> None:
    rows = _rows((101.0, 101.0, 0.0, 0, 0, 0, layout.TICKET | layout.FAILED | layout.SILENT))
    window = cut(rows, _SCHEDULE, 100.0, 1, 2, 2.0, {})
    assert window.n == 0
    assert window.silent.tolist() == [True]
    assert window.errors.tolist() == []
