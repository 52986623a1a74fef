"""Reports of several workers become one record."""

from __future__ import annotations

import base64
import json
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.load.distributed.merging import LAG, Broken, Merge, Part, Worker, take_answers
from harness.load.driving.record import Lines, read_answers, read_rows
from harness.load.locustside import layout
from harness.load.locustside.recorder import Recorder

SCHEDULE = array("d", [0.1, 0.2, 0.3, 0.4, 0.5])
NOW = 50.0  # on the master's clock
Made = tuple[Merge, list[Worker]]


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """The master's."""
    return Recorder(tmp_path)


@pytest.fixture
def merge(recorder: Recorder) -> Callable[..., Made]:
    """Phase 7, open, of two workers."""

    def make(**command: Any) -> Made:
        workers = [Worker("left_1f", 1), Worker("right_2e", 2)]
        parts = {worker: Part({}, SCHEDULE[i::2], turn=i, of=2) for i, worker in enumerate(workers)}
        for worker in workers:
            worker.names[0] = recorder.name("POST /predict")
        return Merge({"id": 7, **command}, parts, recorder), workers

    return make


def events(folder: Path, kind: str) -> list[dict[str, Any]]:
    """What the gate is told."""
    lines = (folder / layout.EVENTS).read_text(encoding="utf-8").splitlines()
    return [line for line in map(json.loads, lines) if line["event"] == kind]


def row(planned: float, phase: int = 7, answer: int = 0, flags: int = layout.TICKET) -> bytes:
    """One request that was sent a millisecond late and answered within two."""
    return layout.ROW.pack(planned, planned + 0.001, 0.002, 200, 0, answer, flags, phase)


def start(merge: Merge, worker: Worker, origin: float) -> None:
    """A worker has begun, on its own clock."""
    merge.take(worker, {"event": "started", "origin": origin, "users": 4}, NOW)


def end(merge: Merge, worker: Worker, dealt: int) -> None:
    """And has ended."""
    kinds = [["POST /predict", 503, "status 503", 1]]
    merge.take(worker, {"event": "failures", "kinds": kinds}, NOW)
    merge.take(worker, {"event": "end", "dealt": dealt}, NOW)


def test_the_record_is_the_sum_on_one_clock(merge: Callable[..., Made], tmp_path: Path) -> None:
    made, (left, right) = merge()
    start(made, left, 1000.0)
    made.rows(left, row(1000.1))  # before the other has begun
    start(made, right, -3.0)
    made.rows(left, row(1000.3) + row(1000.5))
    made.rows(right, row(-2.8) + row(-2.6))
    end(made, left, 3)
    end(made, right, 2)
    made.settle()
    rows = read_rows(tmp_path / layout.RECORDS)
    assert sorted(rows["planned"]) == [NOW + LAG + time for time in SCHEDULE]
    assert np.allclose(rows["sent"] - rows["planned"], 0.001)
    (begun,), (over,) = events(tmp_path, "started"), events(tmp_path, "end")
    assert (begun["origin"], begun["users"]) == (NOW + LAG, 8)
    assert (over["dealt"], over["workers"]) == (5, {"worker 1 (left)": 3, "worker 2 (right)": 2})


def test_failures_are_added_up(merge: Callable[..., Made], tmp_path: Path) -> None:
    made, (left, right) = merge()
    for worker in (left, right):
        start(made, worker, 0.0)
        end(made, worker, 0)
    made.settle()
    (told,) = events(tmp_path, "failures")
    assert told["kinds"] == [["POST /predict", 503, "status 503", 2]]


def test_a_phase_is_not_over_before_the_last_worker_is(
    merge: Callable[..., Made], tmp_path: Path
) -> None:
    made, (left, right) = merge()
    for worker in (left, right):
        start(made, worker, 0.0)
    end(made, left, 0)
    made.settle()
    assert not made.ended
    assert events(tmp_path, "end") == []


def test_a_missing_row_is_an_error_with_its_worker(merge: Callable[..., Made]) -> None:
    made, (left, right) = merge()
    for worker in (left, right):
        start(made, worker, 0.0)
    made.rows(right, row(0.2))
    end(made, left, 0)
    end(made, right, 2)
    with pytest.raises(Broken, match=r"worker 2 \(right\) lacks 1 of 2 planned requests"):
        made.settle()


def test_an_early_end_is_where_the_first_gap_is(merge: Callable[..., Made], tmp_path: Path) -> None:
    made, (left, right) = merge()
    for worker in (left, right):
        start(made, worker, 0.0)
    made.rows(left, row(0.1) + row(0.3) + row(0.5))
    end(made, left, 3)
    made.rows(right, row(0.2))
    end(made, right, 1)  # 0.4 was not dealt any more
    made.settle()
    assert events(tmp_path, "end")[0]["dealt"] == 3
    assert len(read_rows(tmp_path / layout.RECORDS)) == 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (row(0.1, phase=8), "sent a row of phase 8 in phase 7"),
        (row(0.1, answer=5), "before the name or the answer"),
    ],
    ids=["another-phase", "unknown-answer"],
)
def test_a_row_that_does_not_fit_is_an_error(
    merge: Callable[..., Made], data: bytes, message: str
) -> None:
    made, (left, right) = merge()
    for worker in (left, right):
        start(made, worker, 0.0)
    with pytest.raises(Broken, match=message):
        made.rows(left, data)


def test_a_lost_worker_is_told_with_what_had_come(merge: Callable[..., Made]) -> None:
    made, (left, right) = merge()
    for worker in (left, right):
        start(made, worker, 0.0)
    made.rows(right, row(0.2))
    assert "1 of 2 planned requests of its part of phase 7" in made.missing(right)
    end(made, left, 0)
    assert made.missing(left) == ""


def test_a_block_is_told_on_the_masters_clock(recorder: Recorder, tmp_path: Path) -> None:
    worker = Worker("left_1f", 1)
    worker.names[0] = recorder.name("POST /predict")
    made = Merge({"id": 7, "order": [0, 1]}, {worker: Part({}, None)}, recorder)
    start(made, worker, 10.0)
    made.rows(worker, row(10.5, phase=7) + row(11.5, phase=8))
    made.take(worker, {"event": "block", "index": 1, "start": 11.0, "end": 12.0}, NOW)
    (block,) = events(tmp_path, "block")
    assert (block["index"], block["start"], block["end"]) == (1, NOW + LAG + 1, NOW + LAG + 2)


def test_a_beat_adds_up_what_adds_up(merge: Callable[..., Made]) -> None:
    made, (left, right) = merge()
    for worker in (left, right):
        start(made, worker, 0.0)
    beat = {"event": "beat", "dealt": 3, "backlog": 1, "users": 4}
    made.take(left, beat | {"at": 1.0, "cpu": 1.0}, NOW)
    made.take(right, beat | {"at": 1.0, "cpu": 9.0}, NOW)
    assert made.beat(NOW)["cpu"] == 0.0
    made.take(left, beat | {"at": 2.0, "cpu": 1.5}, NOW)
    made.take(right, beat | {"at": 2.0, "cpu": 9.25}, NOW)
    found = made.beat(NOW + 1)
    assert (found["dealt"], found["backlog"], found["users"], found["cpu"]) == (6, 2, 8, 0.5)


def test_an_answer_that_two_workers_saw_is_kept_once(recorder: Recorder, tmp_path: Path) -> None:
    body = base64.b64encode(b"[1]").decode()
    headers = {"content-type": "application/json"}
    line = {"request": 2, "status": 200, "headers": headers, "body": body}
    left, right = Worker("left_1f", 1), Worker("right_2e", 2)
    take_answers(left, [line | {"id": 1}], recorder)
    take_answers(right, [line | {"id": 4}], recorder)
    assert left.answers[1] == right.answers[4]
    (kept,) = read_answers(Lines(tmp_path / layout.ANSWERS))
    assert (kept.request, kept.body) == (2, b"[1]")
