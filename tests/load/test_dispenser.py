"""Tickets are dealt on time, and late rather than never."""

from __future__ import annotations

import time
from array import array

import gevent

from harness.load.locustside.dispenser import Dispenser, Ticket


def _take(dispenser: Dispenser, into: list[Ticket], count: int, work: float = 0.0) -> None:
    for _ in range(count):
        into.append(dispenser.take())
        gevent.sleep(work)


def test_idle_users_get_every_ticket_at_its_time() -> None:
    dispenser = Dispenser(array("d", [0.0, 0.01, 0.02]))
    taken: list[Ticket] = []
    users = [gevent.spawn(_take, dispenser, taken, 1) for _ in range(3)]
    gevent.sleep(0)
    assert dispenser.idle == 3
    origin = time.monotonic() + 0.01
    dispenser.start(origin)
    gevent.joinall(users, timeout=5, raise_error=True)
    assert [ticket.planned for ticket in taken] == [origin, origin + 0.01, origin + 0.02]
    assert not any(ticket.queued for ticket in taken)
    assert all(ticket.taken >= ticket.planned for ticket in taken)
    assert dispenser.exhausted


def test_a_busy_user_makes_tickets_late_but_loses_none() -> None:
    dispenser = Dispenser(array("d", [0.0, 0.001, 0.002, 0.003]))
    taken: list[Ticket] = []
    user = gevent.spawn(_take, dispenser, taken, 4, 0.02)
    gevent.sleep(0)
    dispenser.start(time.monotonic())
    user.get(timeout=5)
    assert [ticket.queued for ticket in taken] == [False, True, True, True]
    planned = [ticket.planned for ticket in taken]
    assert planned == sorted(planned)


def test_nothing_is_dealt_to_a_user_that_was_killed_while_waiting() -> None:
    dispenser = Dispenser(array("d", [0.0]))
    gone = gevent.spawn(dispenser.take)
    gevent.sleep(0)
    gone.kill()
    assert dispenser.idle == 0
    taken: list[Ticket] = []
    other = gevent.spawn(_take, dispenser, taken, 1)
    gevent.sleep(0)
    dispenser.start(time.monotonic())
    other.get(timeout=5)
    assert len(taken) == 1


def test_a_stopped_dispenser_deals_nothing_that_was_not_due() -> None:
    dispenser = Dispenser(array("d", [0.0, 60.0]))
    taken: list[Ticket] = []
    user = gevent.spawn(_take, dispenser, taken, 1)
    gevent.sleep(0)
    dispenser.start(time.monotonic())
    user.get(timeout=5)
    before = dispenser.exhausted
    dispenser.stop()
    assert (before, dispenser.exhausted) == (False, True)
    assert dispenser.dealt == 1
