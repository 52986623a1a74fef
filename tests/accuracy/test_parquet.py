"""Parquet, with pyarrow and without."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from harness.accuracy.datasets import open_dataset
from harness.accuracy.errors import DatasetError


def _saved(path: Path, columns: dict[str, Any]) -> Path:
    pa = pytest.importorskip("pyarrow", reason="needs pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path, row_group_size=3)
    return path


def test_without_pyarrow_the_error_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "d.parquet").touch()
    with pytest.raises(DatasetError, match="needs the package 'pyarrow'; pip install pyarrow"):
        open_dataset(tmp_path / "d.parquet", "x", "y")


@pytest.mark.parametrize("seed", [None, 5])
def test_rows_of_several_row_groups(tmp_path: Path, seed: int | None) -> None:
    columns = {"x": [[float(i), 0.5] for i in range(8)], "y": [i % 2 for i in range(8)]}
    path = _saved(tmp_path / "d.parquet", {**columns, "g": ["a", "b"] * 4})
    with open_dataset(path, "x", "y", ["g"]) as data:
        batches = list(data.batches(5, seed))
    ids = [int(i) for batch in batches for i in batch.ids]
    assert sorted(ids) == list(range(8))
    assert [int(x) for batch in batches for x in batch.inputs[:, 0]] == ids
    assert batches[0].inputs.shape == (5, 2)
    assert set(batches[0].slices["g"].tolist()) <= {"a", "b"}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": [1.0], "label": [0]}, "no column 'y'"),
        ({"x": [1.0, None], "y": [0, 1]}, "'x' has 1 null values"),
        ({"x": [[1.0], [1.0, 2.0]], "y": [0, 1]}, "'x' has rows of 1 to 2 values"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    path = _saved(tmp_path / "d.parquet", columns)
    with pytest.raises(DatasetError, match=message):
        with open_dataset(path, "x", "y") as data:
            list(data.batches(2))


def test_a_file_that_was_cut_short(tmp_path: Path) -> None:
    path = _saved(tmp_path / "d.parquet", {"x": [1.0] * 50, "y": [0] * 50})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DatasetError, match="not a whole Parquet file"):
        open_dataset(path, "x", "y")
