"""Files of a folder are one data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.datasets import Batch, Roles
from harness.accuracy.datasets.source import ready
from harness.accuracy.errors import DatasetError

ReadAll = Callable[..., list[Batch]]
XY = Roles({"x": "x"}, "y")


def _parts(folder: Path, save: Any, *sizes: int) -> Path:
    folder.mkdir()
    first = 0
    for number, size in enumerate(sizes):
        rows = np.arange(first, first + size)
        save(folder / f"part-{number:03}.npz", x=rows[:, None].astype(np.float32), y=rows % 2)
        first += size
    return folder


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_the_rows_of_all_parts_in_order_and_by_number(tmp_path: Path, save: Any) -> None:
    """Batches reach across files; an empty part does no harm."""
    folder = _parts(tmp_path / "d", save, 3, 0, 4, 2)
    with ready(folder, XY, tmp_path / "store").open() as data:
        batches = list(data.batches(4))
        taken = data.take(np.asarray([8, 0, 3, 2]))
    assert [int(x) for batch in batches for x in batch.inputs["x"][:, 0]] == list(range(9))
    assert taken.inputs["x"][:, 0].tolist() == [8, 0, 3, 2]


def test_many_parts_are_copied_together(tmp_path: Path) -> None:
    """Each would be two open files."""
    few, many = (_parts(tmp_path / str(n), np.savez, *[1] * n) for n in (3, 90))
    assert ready(few, XY, tmp_path / "store").copy == ""
    source = ready(many, XY, tmp_path / "store")
    assert source.copy != ""
    with source.open() as data:
        assert data.take(np.asarray([89, 4])).inputs["x"][:, 0].tolist() == [89, 4]


def test_parts_of_different_shape(tmp_path: Path, read_all: ReadAll) -> None:
    (tmp_path / "d").mkdir()
    np.savez(tmp_path / "d" / "a.npz", x=np.zeros((2, 3)), y=np.zeros(2))
    np.savez(tmp_path / "d" / "b.npz", x=np.zeros((2, 4)), y=np.zeros(2))
    with pytest.raises(DatasetError, match=r"different shapes in its files: \(3,\), \(4,\)"):
        read_all(tmp_path / "d")
