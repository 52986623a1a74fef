"""Arrow IPC in both of its forms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.datasets import Batch, Roles
from harness.accuracy.errors import DatasetError

pa = pytest.importorskip("pyarrow", reason="needs pyarrow")
ReadAll = Callable[..., list[Batch]]


def _saved(path: Path, columns: dict[str, Any], stream: bool = False) -> Path:
    table = pa.table(columns)
    form = pa.ipc.new_stream if stream else pa.ipc.new_file
    with form(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    return path


@pytest.mark.parametrize("stream", [False, True])
def test_files_and_streams_give_their_rows(tmp_path: Path, read_all: ReadAll, stream: bool) -> None:
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(16, dtype=np.float32)), 2)
    groups = pa.array(["a", "b"] * 4).dictionary_encode()
    path = _saved(tmp_path / "d.arrow", {"x": fixed, "y": [0, 1] * 4, "g": groups}, stream)
    first, second = read_all(path, Roles({"x": "x"}, "y", ("g",)), 5)
    assert first.inputs["x"].dtype == np.float32
    assert [*first.inputs["x"][:, 0], *second.inputs["x"][:, 0]] == list(range(0, 16, 2))
    assert second.slices["g"].tolist() == ["b", "a", "b"]


def test_a_matrix_a_row_keeps_its_shape(tmp_path: Path, read_all: ReadAll) -> None:
    path = _saved(tmp_path / "d.arrow", {"x": [[[1, 2], [3, 4], [5, 6]]] * 2, "y": [0, 1]})
    assert read_all(path)[0].inputs["x"].shape == (2, 3, 2)


def test_a_column_that_is_not_there(tmp_path: Path, read_all: ReadAll) -> None:
    with pytest.raises(DatasetError, match="no column 'y'; columns: x"):
        read_all(_saved(tmp_path / "d.arrow", {"x": [1.0]}))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kept", [0.6, 0.99])
def test_a_file_that_was_cut_short(
    tmp_path: Path, read_all: ReadAll, kept: float, stream: bool
) -> None:
    columns = {"x": list(range(900)), "y": [0] * 900}
    path = _saved(tmp_path / "d.arrow", columns, stream)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(DatasetError, match="not a whole Arrow file"):
        read_all(path)


def test_something_else_is_no_arrow_file(tmp_path: Path, read_all: ReadAll) -> None:
    (tmp_path / "d.arrow").write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(DatasetError, match="not a whole Arrow file"):
        read_all(tmp_path / "d.arrow")
