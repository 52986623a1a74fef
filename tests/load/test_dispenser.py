"""Tickets are dealt on time, and late rather than never."""

from __future__ import annotations

import time
from array import array

import gevent

from harness.load.locustside.dispenser import Dispenser, Seat, Ticket

_NEVER = float("inf")


def _take(dispenser: Dispenser, into: list[Ticket], count: int, work: float = 0.0) -> None:
    """A user: takes tickets, and works on each for a while."""
    for turn in range(count):
        if turn:
            dispenser.out -= 1
        into.append(Seat().take(dispenser))
        gevent.sleep(work)


class _Lane:
    """A taker that is done with its ticket as soon as the event loop comes round again."""

    def __init__(self, dispenser: Dispenser) -> None:
        self._dispenser = dispenser
        self.planned: list[float] = []

    def deal(self, planned: float, queued: bool) -> None:
        self.planned.append(planned)
        gevent.get_hub().loop.run_callback(self._dispenser.back, self)


def test_idle_users_get_every_ticket_at_its_time() -> None:
    dispenser = Dispenser()
    taken: list[Ticket] = []
    users = [gevent.spawn(_take, dispenser, taken, 1) for _ in range(3)]
    gevent.sleep(0)
    assert dispenser.idle == 3
    origin = time.monotonic() + 0.01
    dispenser.open(array("d", [0.0, 0.01, 0.02]), origin)
    gevent.joinall(users, timeout=5, raise_error=True)
    assert [ticket.planned for ticket in taken] == [origin, origin + 0.01, origin + 0.02]
    assert not any(ticket.queued for ticket in taken)
    assert all(ticket.taken >= ticket.planned for ticket in taken)
    assert dispenser.exhausted


def test_a_busy_user_makes_tickets_late_but_loses_none() -> None:
    dispenser = Dispenser()
    taken: list[Ticket] = []
    user = gevent.spawn(_take, dispenser, taken, 4, 0.02)
    gevent.sleep(0)
    dispenser.open(array("d", [0.0, 0.001, 0.002, 0.003]), time.monotonic())
    user.get(timeout=5)
    assert [ticket.queued for ticket in taken] == [False, True, True, True]
    planned = [ticket.planned for ticket in taken]
    assert planned == sorted(planned)


def test_nothing_is_dealt_to_a_user_that_was_killed_while_waiting() -> None:
    dispenser = Dispenser()
    gone = gevent.spawn(Seat().take, dispenser)
    gevent.sleep(0)
    gone.kill()
    assert dispenser.idle == 0
    taken: list[Ticket] = []
    other = gevent.spawn(_take, dispenser, taken, 1)
    gevent.sleep(0)
    dispenser.open(array("d", [0.0]), time.monotonic())
    other.get(timeout=5)
    assert len(taken) == 1


def test_a_ticket_that_was_dealt_to_a_user_that_is_killed_goes_to_the_next() -> None:
    dispenser = Dispenser()
    gone = gevent.spawn(Seat().take, dispenser)
    gevent.sleep(0)
    dispenser.closed(1, 1, _NEVER, time.monotonic())
    gone.kill(block=False)
    dispenser._ring()  # before the loop comes round: the ticket is on its way when the user dies
    gevent.sleep(0)
    assert len(dispenser.backlog) == 1
    assert dispenser.out == 0


def test_a_stopped_dispenser_deals_nothing_that_was_not_due() -> None:
    dispenser = Dispenser()
    taken: list[Ticket] = []
    user = gevent.spawn(_take, dispenser, taken, 1)
    gevent.sleep(0)
    dispenser.open(array("d", [0.0, 60.0]), time.monotonic())
    user.get(timeout=5)
    before = dispenser.exhausted
    dispenser.stop()
    assert (before, dispenser.exhausted) == (False, True)
    assert dispenser.dealt == 1


def test_a_closed_phase_keeps_so_many_out_until_all_are_dealt() -> None:
    dispenser = Dispenser(newest_first=True)
    lanes = [_Lane(dispenser) for _ in range(5)]
    dispenser.seat(list(lanes))
    dispenser.closed(2, 25, _NEVER, time.monotonic())
    assert dispenser.quiet.wait(5)
    assert dispenser.dealt == 25
    assert [len(lane.planned) > 0 for lane in lanes] == [False, False, False, True, True]


def test_a_closed_phase_has_as_many_out_as_it_shall_although_the_first_come_back_early() -> None:
    dispenser = Dispenser(newest_first=True)
    most = [0]

    class Slow(_Lane):
        def deal(self, planned: float, queued: bool) -> None:
            most[0] = max(most[0], dispenser.out)
            if dispenser.dealt < 60:
                super().deal(planned, queued)

    dispenser.seat([Slow(dispenser) for _ in range(200)])
    dispenser.closed(200, _NEVER, 0.1, time.monotonic())
    gevent.sleep(0.2)
    assert most == [200]


def test_a_closed_phase_ends_with_its_time() -> None:
    dispenser = Dispenser(newest_first=True)
    lane = _Lane(dispenser)
    dispenser.seat([lane])
    origin = time.monotonic()
    dispenser.closed(1, _NEVER, 0.05, origin)
    assert dispenser.quiet.wait(5)
    assert len(lane.planned) == dispenser.dealt > 1
    assert max(lane.planned) < origin + 0.05


def test_a_closed_phase_ends_with_its_time_also_where_nobody_comes_back() -> None:
    class Stuck:
        def deal(self, planned: float, queued: bool) -> None:
            """Never done."""

    dispenser = Dispenser()
    dispenser.seat([Stuck()])
    dispenser.closed(1, _NEVER, 0.02, time.monotonic())
    gevent.sleep(0.1)
    assert dispenser.exhausted
    assert dispenser.out == 1


def test_takers_that_come_late_find_what_fell_due_before() -> None:
    dispenser = Dispenser()
    dispenser.open(array("d", [0.0] * 200), time.monotonic())
    gevent.sleep(0.05)
    assert len(dispenser.backlog) == 200
    lane = _Lane(dispenser)
    dispenser.wait(lane)
    assert dispenser.quiet.wait(5)
    assert len(lane.planned) == 200


def test_users_in_a_closed_phase_take_turns() -> None:
    dispenser = Dispenser()
    taken: list[list[Ticket]] = [[], [], []]
    users = [gevent.spawn(_take, dispenser, mine, 99) for mine in taken]
    gevent.sleep(0)
    dispenser.closed(1, 12, _NEVER, time.monotonic())
    assert dispenser.quiet.wait(5)
    gevent.killall(users)
    assert [len(mine) for mine in taken] == [4, 4, 4]
