"""One phase for several workers: together they send what one process would have sent."""

from __future__ import annotations

from array import array
from typing import Any

from harness.load.distributed import slices

OPEN = {"do": "phase", "id": 3, "kind": "open", "schedule": "s.f64", "users": 5}
CLOSED = {
    "do": "phase",
    "id": 3,
    "kind": "closed",
    "concurrency": 5,
    "requests": 7,
    "seconds": None,
}
BLOCKS = {"do": "phase", "id": 3, "kind": "blocks", "order": [0, 1], "requests": 7}
TIMES = array("d", [0.5, 1.0, 2.25, 2.5, 7.0])


def cut(command: dict[str, Any], n: int, turn: int = 0) -> list[Any]:
    """The parts."""
    return slices.cut(command, n, turn)


def test_planned_starts_are_dealt_out_whole() -> None:
    parts = [slices.every(TIMES, 3, i) for i in range(3)]
    assert sorted(time for part in parts for time in part) == list(TIMES)
    assert parts[0] == array("d", [0.5, 2.5])


def test_the_kth_start_gets_the_same_request_as_in_one_process() -> None:
    turn, requests, n = 4, 6, 3
    asked: dict[int, int] = {}
    for i, part in enumerate(cut(OPEN, n, turn)):
        for k in range(len(slices.every(TIMES, n, i))):
            asked[i + k * n] = (part["first"] + k * part["step"]) % requests
    assert asked == {k: (turn + k) % requests for k in range(len(TIMES))}


def test_a_phase_that_names_its_first_request_begins_with_that() -> None:
    assert [part["first"] for part in cut(OPEN | {"first": 2}, 2, turn=9)] == [2, 3]


def test_users_and_takers_and_requests_add_up() -> None:
    assert [part["users"] for part in cut(OPEN, 2)] == [3, 2]
    assert [part["concurrency"] for part in cut(CLOSED, 3)] == [2, 2, 1]
    assert [part["requests"] for part in cut(CLOSED, 3)] == [3, 2, 2]


def test_a_worker_without_a_taker_has_no_part() -> None:
    one = cut(CLOSED | {"concurrency": 1, "requests": None}, 3)
    assert one[0]["concurrency"] == 1
    assert one[1:] == [None, None]


def test_blocks_are_the_work_of_one_worker() -> None:
    assert cut(BLOCKS, 3) == [BLOCKS, None, None]


def test_a_planned_start_is_told_to_the_bit_whatever_the_clocks_say() -> None:
    theirs, ours = 1234567.890123, 0.1
    clock = slices.Clock(theirs, ours, TIMES)
    assert [clock.planned(theirs + time) for time in TIMES] == [ours + time for time in TIMES]


def test_other_moments_keep_their_distance_from_the_zero_of_the_phase() -> None:
    clock = slices.Clock(100.0, 7.0, None)
    assert (clock.moment(100.5), clock.planned(101.0)) == (7.5, 8.0)


def test_the_processor_time_is_the_busiest_workers() -> None:
    before, after = [(0.0, 0.0), (5.0, 1.0)], [(1.0, 0.2), (7.0, 2.5)]
    assert slices.busiest(before, after) == 0.75


def test_failures_of_one_kind_are_one_kind() -> None:
    one = [["POST /p", 503, "status 503", 2], ["POST /p", 0, "no answer", 1]]
    two = [["POST /p", 503, "status 503", 5]]
    assert slices.added_up([one, two]) == [
        ["POST /p", 503, "status 503", 7],
        ["POST /p", 0, "no answer", 1],
    ]
