"""Slices of a record, put together again, are the record."""

from __future__ import annotations

from pathlib import Path

from harness.load.distributed.tail import Slices, Tail
from harness.load.locustside import layout
from harness.load.locustside.recorder import Recorder

SIZE = layout.ROW.size


def recorded(folder: Path, rows: int) -> Recorder:
    """A recorder that has written some rows of phase 1."""
    recorder = Recorder(folder)
    recorder.phase = 1
    for index in range(rows):
        recorder.add(index, index, 0.5, 200, recorder.name("POST /p"), layout.TICKET)
    recorder.flush()
    return recorder


def test_a_report_of_nothing_is_empty(tmp_path: Path) -> None:
    assert Slices(tmp_path).next() == {"n": 0, "events": [], "answers": [], "rows": b""}


def test_reports_are_numbered_and_overlap_nowhere(tmp_path: Path) -> None:
    slices = Slices(tmp_path)
    recorder = recorded(tmp_path, 2)
    first = slices.next()
    recorder.add(9, 9, 0.5, 200, 0, layout.TICKET)
    recorder.flush()
    second = slices.next()
    assert (first["n"], second["n"]) == (0, 1)
    assert first["rows"] + second["rows"] == (tmp_path / layout.RECORDS).read_bytes()
    assert [event["event"] for event in first["events"]] == ["name"]


def test_the_end_of_a_phase_waits_for_its_last_row(tmp_path: Path) -> None:
    slices = Slices(tmp_path, most=2 * SIZE)
    recorded(tmp_path, 3).event("end", phase=1, dealt=3)
    first, second = slices.next(), slices.next()
    assert ([event["event"] for event in first["events"]], len(first["rows"])) == (
        ["name"],
        2 * SIZE,
    )
    assert ([event["event"] for event in second["events"]], len(second["rows"])) == (["end"], SIZE)


def test_what_is_said_is_in_the_next_report(tmp_path: Path) -> None:
    slices = Slices(tmp_path)
    slices.say("error", message="no space left")
    assert slices.next()["events"] == [{"event": "error", "message": "no space left"}]


def test_torn_lines_and_rows_wait_for_their_rest(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    tail, rows = Tail(path), Tail(path)
    path.write_bytes(b'{"event": "a"}\n{"ev')
    assert tail.lines() == [{"event": "a"}]
    path.write_bytes(path.read_bytes() + b'ent": "b"}\n')
    assert tail.lines() == [{"event": "b"}]
    assert len(rows.rows(1000)) == 0  # 26 bytes are no row
