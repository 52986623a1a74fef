"""Requests around a stop, each by what became of it, on made-up rows."""

from __future__ import annotations

import numpy as np
import pytest

from harness.lifecycle.door import Closed
from harness.lifecycle.fates import Fate, Kind, count, fates, strip
from harness.load.driving.record import ROW, Rows
from harness.load.locustside import layout

SIGNAL = 100.0
FAILED, NEW, RETRIED = layout.FAILED, layout.CONNECTED, layout.RETRIED


def row(sent: float, service: float, status: int = 0, flags: int = 0, why: int = 0) -> Rows:
    """One request, `sent` seconds after the signal."""
    flags |= layout.TICKET | why << layout.WHY_SHIFT
    return np.array([(SIGNAL + sent, SIGNAL + sent, service, status, 0, 0, flags, 1)], dtype=ROW)


def kind(found: Rows, closed: Closed | None = None) -> Kind:
    """What one request is taken for, by a client that says when it connects."""
    opened = row(-9, 0.001, 200, NEW)
    return fates(np.concatenate([opened, found]), SIGNAL, closed)[1].kind


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (row(-0.2, 0.01, 200), "answered"),
        (row(-0.2, 0.5, 200), "answered"),
        (row(0.1, 0.01, 200, NEW), "answered"),
        (row(-0.2, 0.01, 500, FAILED, layout.STATUS), "failed"),
        (row(0.1, 0.01, 500, FAILED, layout.STATUS), "failed"),
        (row(0.1, 0.01, 503, FAILED, layout.STATUS), "refused"),
        (row(-0.01, 0.1, 503, FAILED, layout.STATUS), "refused"),
        (row(0.1, 0.001, 0, FAILED | NEW, layout.REFUSED), "refused"),
        (row(0.1, 0.001, 0, FAILED, layout.CLOSED), "stale"),
        (row(0.1, 0.001, 0, FAILED | NEW | RETRIED, layout.REFUSED), "stale"),
        (row(0.1, 0.001, 0, FAILED | NEW, layout.RESET), "reset"),
        (row(0.1, 5.0, 0, FAILED | NEW, layout.TIMEOUT), "reset"),
        (row(-0.5, 0.6, 0, FAILED | NEW, layout.RESET), "interrupted"),
        (row(-0.5, 0.6, 0, FAILED, layout.CLOSED), "lost"),
        (row(-0.5, 9.0, 0, FAILED, layout.TIMEOUT), "lost"),
        (row(-0.01, 0.05, 0, FAILED, layout.RESET), "stale"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_is_of_the_kind_that_its_row_tells(found: Rows, expected: Kind) -> None:
    assert kind(found) == expected


def test_behind_a_proxy_a_drop_after_the_socket_was_closed_is_a_refusal() -> None:
    closed = Closed(open_until=SIGNAL + 0.1, closed_from=SIGNAL + 0.102)
    before = row(0.05, 0.001, 0, FAILED | NEW, layout.RESET)
    after = row(0.2, 0.001, 0, FAILED | NEW, layout.RESET)
    assert (kind(before, closed), kind(after, closed)) == ("reset", "refused")


def test_what_never_came_is_not_excused_by_the_closed_socket() -> None:
    closed = Closed(open_until=SIGNAL + 0.1, closed_from=SIGNAL + 0.102)
    assert kind(row(0.2, 5.0, 0, FAILED | NEW, layout.TIMEOUT), closed) == "reset"


def test_a_client_that_does_not_say_when_it_connects_blames_nobody_for_a_loss() -> None:
    rows = row(-0.5, 0.6, 0, FAILED, layout.OTHER)
    assert [fate.kind for fate in fates(rows, SIGNAL, None)] == ["interrupted"]


def test_what_was_never_sent_is_no_request() -> None:
    rows = np.concatenate(
        [row(0.1, 0, 0, FAILED | layout.UNSENT), row(0.1, 0, 0, FAILED | layout.SILENT)]
    )
    assert fates(rows, SIGNAL, None) == []


def test_in_flight_is_what_was_sent_before_the_signal_and_ended_after_it() -> None:
    rows = np.concatenate([row(-0.2, 0.1, 200), row(-0.2, 0.3, 200), row(0.1, 0.1, 200)])
    assert [fate.in_flight for fate in fates(rows, SIGNAL, None)] == [False, True, False]


def test_the_strip_draws_each_request_and_marks_signal_socket_and_end() -> None:
    found = [Fate(-0.25, 0.5, "answered"), Fate(0.125, 0.25, "reset")]
    data = strip(found, 0.0625, 0.5).data
    assert data["items"] == [
        {"start": -0.25, "end": 0.5, "kind": "answered"},
        {"start": 0.125, "end": 0.25, "kind": "reset"},
    ]
    assert data["marks"] == [
        {"x": 0.0, "name": "SIGTERM"},
        {"x": 0.0625, "name": "socket closed"},
        {"x": 0.5, "name": "ended"},
    ]
    assert {item["kind"] for item in data["items"]} <= set(data["kinds"])


def test_of_very_many_requests_those_around_the_signal_are_drawn() -> None:
    found = [Fate(at / 10, at / 10 + 0.01, "answered") for at in range(-1000, 1000)]
    drawn = strip(found, None, 1.0).data["items"]
    assert len(drawn) == 600
    assert max(abs(item["start"]) for item in drawn) < 31


def test_kinds_are_counted() -> None:
    found = [Fate(0, 1, "answered"), Fate(0, 1, "answered"), Fate(0, 1, "lost")]
    assert count(found) == {"answered": 2, "lost": 1}
