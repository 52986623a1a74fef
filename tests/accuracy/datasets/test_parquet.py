"""Parquet, with pyarrow and without."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.accuracy.datasets import Batch, Roles
from harness.accuracy.errors import DatasetError

ReadAll = Callable[..., list[Batch]]


def _saved(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pa = pytest.importorskip("pyarrow", reason="needs pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path, row_group_size=3, **options)
    return path


def test_without_pyarrow_the_error_names_it(
    tmp_path: Path, read_all: ReadAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "d.parquet").touch()
    with pytest.raises(DatasetError, match="needs the package 'pyarrow'; pip install"):
        read_all(tmp_path / "d.parquet")


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_rows_of_several_row_groups(tmp_path: Path, read_all: ReadAll, compression: str) -> None:
    columns = {"x": [[float(i), 0.5] for i in range(8)], "y": [i % 2 for i in range(8)]}
    path = _saved(
        tmp_path / "d.parquet", {**columns, "g": ["a", "bü"] * 4}, compression=compression
    )
    first, second = read_all(path, Roles({"x": "x"}, "y", ("g",)), 5)
    assert [*first.inputs["x"][:, 0], *second.inputs["x"][:, 0]] == list(range(8))
    assert first.inputs["x"].shape == (5, 2)
    assert second.slices["g"].tolist() == ["bü", "a", "bü"]
    assert first.labels.tolist() == [0, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": [1.0], "label": [0]}, "no column 'y'"),
        ({"x": [1.0, None], "y": [0, 1]}, "'x' has 1 null values"),
        ({"x": [[1.0], [1.0, 2.0]], "y": [0, 1]}, "'x' has rows of 1 to 2 values"),
        ({"x": [[1.0], [None]], "y": [0, 1]}, "'x' has 1 null values"),
        ({"x": [b"\x80", b"\x00"], "y": [0, 1]}, "'x' holds bytes, expected numbers or text"),
        ({"x": [{"a": 1}], "y": [0]}, "'x' holds pickled Python objects"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, read_all: ReadAll, columns: dict[str, Any], message: str
) -> None:
    path = _saved(tmp_path / "d.parquet", columns)
    with pytest.raises(DatasetError, match=message):
        read_all(path)


@pytest.mark.parametrize("kept", [0.5, 0.98])
def test_a_file_that_was_cut_short(tmp_path: Path, read_all: ReadAll, kept: float) -> None:
    path = _saved(tmp_path / "d.parquet", {"x": [1.0] * 50, "y": [0] * 50})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(DatasetError, match="not a whole Parquet file"):
        read_all(path)


def test_a_row_group_with_changed_bytes(tmp_path: Path, read_all: ReadAll) -> None:
    path = _saved(
        tmp_path / "d.parquet",
        {"x": [float(i) for i in range(50)], "y": [0] * 50},
        compression="zstd",
    )
    data = bytearray(path.read_bytes())
    data[30:60] = bytes(30)
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="a row group cannot be read"):
        read_all(path)
