"""Rows by position."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.datasets.fixed import FixedRows
from harness.accuracy.errors import DatasetError


def test_rows_begin_behind_the_offset(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.int16).reshape(4, 3)
    (tmp_path / "f").write_bytes(b"head" + rows.tobytes())
    with (tmp_path / "f").open("rb") as file:
        column = FixedRows("f", file, 4, np.dtype(np.int16), (3,))
        assert column.read(1, 3).tolist() == [[3, 4, 5], [6, 7, 8]]
        assert column.take(np.asarray([3, 0, 3])).tolist() == [[9, 10, 11], [0, 1, 2], [9, 10, 11]]
        assert column.read(2, 2).shape == column.take(np.empty(0, np.int64)).shape == (0, 3)


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    """A mapped file would kill the process here."""
    (tmp_path / "f").write_bytes(bytes(80))
    with (tmp_path / "f").open("rb") as file:
        column = FixedRows("f: column 'x'", file, 0, np.dtype(np.float64), ())
        (tmp_path / "f").write_bytes(bytes(44))
        assert column.read(0, 5).shape == (5,)
        with pytest.raises(DatasetError, match="'x': the file was cut short while it was read"):
            column.read(0, 6)
        with pytest.raises(DatasetError, match="'x': the file was cut short while it was read"):
            column.take(np.asarray([0, 9]))


def test_rows_far_apart_are_read_one_by_one(tmp_path: Path) -> None:
    rows = np.arange(400_000, dtype=np.int64)
    (tmp_path / "f").write_bytes(rows.tobytes())
    with (tmp_path / "f").open("rb") as file:
        column = FixedRows("f", file, 0, np.dtype(np.int64), ())
        assert column.take(np.asarray([399_999, 5])).tolist() == [399_999, 5]
