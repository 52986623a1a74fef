"""A data set made ready in a child process, and opened afterwards wherever it is needed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness import ConfigError
from harness.accuracy.datasets import Roles, Source, prepare
from harness.accuracy.datasets.source import ready
from harness.accuracy.errors import DatasetError, WorkerDied

XY = Roles({"x": "x"}, "y")
X = np.arange(40, dtype=np.float32).reshape(10, 4)


def _saved(path: Path, rows: int = 10) -> Path:
    np.savez_compressed(path, x=X[:rows], y=np.arange(rows))
    return path


def test_what_a_child_prepared_is_read_here(tmp_path: Path) -> None:
    source = prepare(_saved(tmp_path / "d.npz"), XY, tmp_path / "store")
    again = Source.of(json.loads(json.dumps(source.fields())))
    assert again == source
    assert (source.rows, source.copy != "") == (10, True)
    with again.open() as data:
        assert data.take(np.asarray([9, 2])).labels.tolist() == [9, 2]


def test_the_digest_is_of_content_and_not_of_place(tmp_path: Path) -> None:
    first = ready(_saved(tmp_path / "d.npz"), XY, tmp_path / "store")
    (tmp_path / "other").mkdir()
    shutil.copy(tmp_path / "d.npz", tmp_path / "other" / "d.npz")
    second = ready(tmp_path / "other" / "d.npz", XY, tmp_path / "store")
    assert (first.digest, first.copy) == (second.digest, second.copy)
    data = bytearray((tmp_path / "d.npz").read_bytes())
    data[-1] ^= 1  # of the archive's comment length: the rows are the same, the bytes are not
    (tmp_path / "other" / "d.npz").write_bytes(data + b"\0")
    assert ready(tmp_path / "other" / "d.npz", XY, tmp_path / "store").digest != first.digest


def test_columns_beside_a_npy_belong_to_its_digest(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", np.arange(10))
    first = ready(tmp_path / "x.npy", XY, tmp_path / "store").digest
    np.save(tmp_path / "y.npy", np.arange(10)[::-1])
    assert ready(tmp_path / "x.npy", XY, tmp_path / "store").digest != first


def test_a_file_that_changes_between_two_checks_is_prepared_anew(tmp_path: Path) -> None:
    first = prepare(_saved(tmp_path / "d.npz"), XY, tmp_path / "store")
    assert prepare(tmp_path / "d.npz", XY, tmp_path / "store") is first
    assert prepare(_saved(tmp_path / "d.npz", 7), XY, tmp_path / "store").rows == 7


def test_rows_that_changed_since_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X, y=np.arange(10))
    source = ready(tmp_path / "d.npz", XY, tmp_path / "store")
    np.savez(tmp_path / "d.npz", x=X[:9], y=np.arange(9))
    with pytest.raises(DatasetError, match="has changed since the evaluation began"):
        source.open()


def test_an_error_of_the_child_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"d\.npz: has no rows"):
        prepare(_saved(tmp_path / "d.npz", 0), XY, tmp_path / "store")
    with pytest.raises(DatasetError, match=r"e\.npz: No such file"):
        prepare(tmp_path / "e.npz", XY, tmp_path / "store")
    with pytest.raises(ConfigError, match=r"no reader for '\.csv'"):
        prepare(tmp_path / "d.csv", XY, tmp_path / "store")


def test_a_reader_that_takes_the_process_with_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.accuracy.datasets.source._TASK", "tests_of_a_dying_reader")
    (tmp_path / "tests_of_a_dying_reader.py").write_text(
        "import os\ndef serve(fields):\n    os.abort()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(WorkerDied, match=r"data set .*d\.npz: the process .* SIGABRT"):
        prepare(_saved(tmp_path / "d.npz"), XY, tmp_path / "store")


def test_no_room_for_the_copy_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(DatasetError, match="File exists"):
        ready(_saved(tmp_path / "d.npz"), XY, tmp_path / "store")
