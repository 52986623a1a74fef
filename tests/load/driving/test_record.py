"""The record on disk, read while it is written."""

from __future__ import annotations

from pathlib import Path

from harness.load.driving import record
from harness.load.locustside import layout


def test_the_row_is_the_one_that_the_other_side_writes() -> None:
    assert record.ROW.itemsize == layout.ROW.size == 32


def test_a_torn_last_row_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "requests.bin"
    row = layout.ROW.pack(1.0, 1.5, 0.25, 200, 3, 4, layout.TICKET, 9)
    path.write_bytes(row + row[:17])
    (read,) = record.read_rows(path)
    assert read["planned"] == 1.0
    assert (read["sent"], read["service"], read["status"]) == (1.5, 0.25, 200)
    assert (read["name"], read["answer"], read["flags"]) == (3, 4, layout.TICKET)
    assert read["phase"] == 9


def test_a_record_is_read_on_from_a_row(tmp_path: Path) -> None:
    path = tmp_path / "requests.bin"
    path.write_bytes(b"".join(layout.ROW.pack(i, i, 0.1, 200, 0, 0, 1, 1) for i in range(5)))
    assert record.read_rows(path, 3)["planned"].tolist() == [3.0, 4.0]
    assert len(record.read_rows(path, 5)) == 0


def test_a_record_that_is_not_there_yet_has_no_rows(tmp_path: Path) -> None:
    assert len(record.read_rows(tmp_path / "requests.bin")) == 0


def test_lines_are_read_on_and_a_torn_one_waits(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = record.Lines(path)
    assert lines.new() == []
    path.write_bytes(b'{"event": "a"}\n{"ev')
    assert lines.new() == [{"event": "a"}]
    path.write_bytes(b'{"event": "a"}\n{"event": "b"}\n')
    assert lines.new() == [{"event": "b"}]


def test_flags_are_found() -> None:
    import numpy as np

    rows = np.zeros(2, dtype=record.ROW)
    rows["flags"] = [layout.TICKET, layout.TICKET | layout.FAILED]
    assert record.has(rows, layout.FAILED).tolist() == [False, True]
