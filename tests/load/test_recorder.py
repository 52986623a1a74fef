"""The writing side of the record."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.load.driving import record
from harness.load.locustside import layout
from harness.load.locustside.http import Head
from harness.load.locustside.recorder import Recorder

_HEAD = Head(200, {"content-type": "text/plain"}, True, 4, "text/plain")


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """One in its phase 3."""
    made = Recorder(tmp_path)
    made.phase = 3
    return made


@pytest.fixture
def rows(tmp_path: Path) -> Callable[[], record.Rows]:
    """What is on disk."""
    return lambda: record.read_rows(tmp_path / layout.RECORDS)


def test_rows_are_on_disk_after_a_flush(
    recorder: Recorder, rows: Callable[[], record.Rows]
) -> None:
    recorder.add(1.0, 2.0, 0.5, 200, recorder.name("POST /p"), layout.TICKET)
    assert len(rows()) == 0
    recorder.flush()
    (row,) = rows()
    assert (row["planned"], row["status"], row["phase"]) == (1.0, 200, 3)


def test_rows_do_not_pile_up_in_memory(recorder: Recorder, rows: Callable[[], record.Rows]) -> None:
    for _ in range(40_000):
        recorder.add(1.0, 2.0, 0.5, 200, 0, layout.TICKET)
    assert len(rows()) > 30_000


def test_outside_of_a_phase_nothing_is_recorded(
    recorder: Recorder, rows: Callable[[], record.Rows]
) -> None:
    recorder.phase = None
    recorder.add(1.0, 2.0, 0.5, 200, 0, layout.TICKET)
    recorder.flush()
    assert len(rows()) == 0


def test_an_answer_is_kept_once_for_each_request_and_kind(
    recorder: Recorder, tmp_path: Path
) -> None:
    other = Head(200, {"content-type": "text/html"}, True, 4, "text/html")
    assert recorder.answer(0, _HEAD, b"same") == 1
    assert recorder.answer(0, _HEAD, b"same") == 1
    assert recorder.answer(1, _HEAD, b"same") == 2
    assert recorder.answer(1, other, b"same") == 3
    kept = record.read_answers(record.Lines(tmp_path / layout.ANSWERS))
    assert [(item.id, item.request, item.body) for item in kept] == [
        (1, 0, b"same"),
        (2, 1, b"same"),
        (3, 1, b"same"),
    ]
    assert kept[2].headers == {"content-type": "text/html"}


def test_of_answers_that_all_differ_a_sample_of_the_whole_run_is_kept(recorder: Recorder) -> None:
    large = 20_000
    numbers = [recorder.answer(0, _HEAD, b"%0*d" % (large, i)) for i in range(4000)]
    kept = [i for i, number in enumerate(numbers) if number != layout.DROPPED_ANSWER]
    assert kept[:100] == list(range(100))  # as long as there is room, all of them
    assert len(kept) * large < 16 * 2**20
    assert [sum(1000 * k <= i < 1000 * k + 1000 for i in kept) > 10 for k in range(4)] == [True] * 4


def test_answers_beyond_the_bound_are_counted_and_not_kept(recorder: Recorder) -> None:
    megabyte = 2**20
    numbers = [recorder.answer(i, _HEAD, bytes(megabyte)) for i in range(17)]
    assert numbers[0] == 1
    assert numbers[-1] == layout.DROPPED_ANSWER


def test_too_many_names_share_one(recorder: Recorder) -> None:
    numbers = {recorder.name(f"GET /{i}") for i in range(layout.MOST_NAMES + 50)}
    assert len(numbers) == layout.MOST_NAMES + 1


def test_failures_are_counted_by_cause_in_each_phase(recorder: Recorder, tmp_path: Path) -> None:
    for _ in range(3):
        recorder.failure("POST /p", 503, "status 503, expected 200")
    recorder.failures()
    recorder.phase = 4
    recorder.failures()
    first, second = record.Lines(tmp_path / layout.EVENTS).new()
    assert (first["phase"], first["kinds"]) == (
        3,
        [["POST /p", 503, "status 503, expected 200", 3]],
    )
    assert (second["phase"], second["kinds"]) == (4, [])


def test_what_the_machine_has_run_out_of_is_told_once_and_ends_the_run(
    recorder: Recorder, tmp_path: Path
) -> None:
    for _ in range(3):
        recorder.exhausted("no connection: Too many open files")
    (event,) = record.Lines(tmp_path / layout.EVENTS).new()
    assert event["event"] == "error"
    assert "run out of something: no connection: Too many open files; lower" in event["message"]
    assert recorder.problem


def test_a_full_disk_is_a_problem_and_not_an_exception(tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    (tmp_path / layout.RECORDS).symlink_to("/dev/full")
    recorder = Recorder(tmp_path)
    recorder.phase = 1
    recorder.add(1.0, 2.0, 0.5, 200, 0, layout.TICKET)
    recorder.flush()
    assert "No space left on device" in recorder.problem
