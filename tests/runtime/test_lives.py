"""Processes of a candidate: what they hold open, and who took whose place."""

from __future__ import annotations

from pathlib import Path

from harness.runtime.lives import Lives, Process, open_files, processes

PARENT = Process(1, 0, 100)
WORKER = Process(7, 1, 200)
OTHER = Process(8, 1, 200)
NEXT = Process(9, 1, 900)


def test_a_worker_that_ended_and_was_started_anew_was_replaced() -> None:
    lives = Lives()
    assert lives.look([PARENT, WORKER, OTHER], at=0.0) == 0
    assert lives.look([PARENT, OTHER], at=5.0) == 0
    assert lives.look([PARENT, OTHER, NEXT], at=5.5) == 1
    assert lives.look([PARENT, OTHER, NEXT], at=6.0) == 1


def test_the_same_number_with_another_start_is_another_process() -> None:
    lives = Lives()
    lives.look([PARENT, WORKER], at=0.0)
    assert lives.look([PARENT, Process(WORKER.pid, 1, 900)], at=5.0) == 1


def test_a_first_process_that_was_started_anew_with_its_workers_counts_once() -> None:
    lives = Lives()
    lives.look([PARENT, WORKER, OTHER], at=0.0)
    again = Process(21, 0, 900)
    assert lives.look([again, Process(22, 21, 901), Process(23, 21, 901)], at=5.0) == 1


def test_a_worker_that_is_added_or_leaves_for_good_is_no_replacement() -> None:
    lives = Lives()
    lives.look([PARENT, WORKER], at=0.0)
    assert lives.look([PARENT, WORKER, NEXT], at=5.0) == 0
    assert lives.look([PARENT, WORKER], at=10.0) == 0


def test_helpers_that_come_and_go_are_no_replacements() -> None:
    lives = Lives()
    for look in range(10):
        helper = Process(100 + look, WORKER.pid, 1000 + look)
        assert lives.look([PARENT, WORKER, helper], at=0.5 * look) == 0


def test_processes_are_read_whatever_their_name_holds(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    fields = " ".join(str(number) for number in range(5, 22))
    (tmp_path / "7" / "stat").write_text(f"7 (a) R 9) S 3 {fields} 4711 0\n")
    assert processes([7, 8], str(tmp_path)) == [Process(7, 3, 4711)]


def test_open_files_are_those_of_all_processes_that_are_still_there(tmp_path: Path) -> None:
    for pid, files in ((7, 3), (8, 2)):
        for number in range(files):
            (tmp_path / str(pid) / "fd" / str(number)).mkdir(parents=True)
    assert open_files([7, 8, 9], str(tmp_path)) == 5


def test_files_of_a_process_that_may_not_be_looked_into_are_not_measured(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "fd").write_text("not a folder: listing it is refused", encoding="utf-8")
    assert open_files([7], str(tmp_path)) is None
