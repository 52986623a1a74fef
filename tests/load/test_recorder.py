"""The writing side of the record."""

from __future__ import annotations

import os
from pathlib import Path

from harness.load import record
from harness.load.locustside import layout
from harness.load.locustside.recorder import Recorder


def test_rows_are_on_disk_after_a_flush(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.add(1.0, 2.0, 0.5, 200, recorder.name("POST /p"), layout.TICKET)
    assert len(record.read_rows(tmp_path / layout.RECORDS)) == 0
    recorder.flush()
    (row,) = record.read_rows(tmp_path / layout.RECORDS)
    assert (row["planned"], row["status"]) == (1.0, 200)


def test_an_answer_is_kept_once_for_each_request(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    assert recorder.answer(0, 200, {}, b"same") == 1
    assert recorder.answer(0, 200, {}, b"same") == 1
    assert recorder.answer(1, 200, {}, b"same") == 2
    kept = record.read_answers(tmp_path / layout.ANSWERS)
    assert [(item.id, item.request, item.body) for item in kept] == [
        (1, 0, b"same"),
        (2, 1, b"same"),
    ]


def test_answers_beyond_the_bound_are_counted_and_not_kept(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    megabyte = 2**20
    numbers = [recorder.answer(i, 200, {}, bytes(megabyte)) for i in range(17)]
    assert numbers[0] == 1
    assert numbers[-1] == layout.DROPPED_ANSWER


def test_too_many_names_share_one(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    numbers = {recorder.name(f"GET /{i}") for i in range(layout.MOST_NAMES + 50)}
    assert len(numbers) == layout.MOST_NAMES + 1


def test_failures_are_counted_by_cause(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for _ in range(3):
        recorder.failure("POST /p", 503, "status 503, expected 200")
    recorder.failures()
    (event,) = record.Lines(tmp_path / layout.EVENTS).new()
    assert event["kinds"] == [["POST /p", 503, "status 503, expected 200", 3]]


def test_a_full_disk_is_a_problem_and_not_an_exception(tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):
        return
    (tmp_path / layout.RECORDS).symlink_to("/dev/full")
    recorder = Recorder(tmp_path)
    recorder.add(1.0, 2.0, 0.5, 200, 0, layout.TICKET)
    recorder.flush()
    assert "No space left on device" in recorder.problem
