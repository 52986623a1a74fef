"""Files of a folder are one data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness import ConfigError
from harness.accuracy.datasets import check_path, open_dataset
from harness.accuracy.errors import DatasetError


def _parts(folder: Path, *sizes: int) -> None:
    first = 0
    for number, size in enumerate(sizes):
        rows = np.arange(first, first + size)
        np.savez(folder / f"part-{number}.npz", x=rows[:, None].astype(np.float32), y=rows % 2)
        first += size


@pytest.mark.parametrize("seed", [None, 5])
def test_the_rows_of_all_parts(tmp_path: Path, seed: int | None) -> None:
    """Batches reach across files, in order and shuffled; an empty part does no harm."""
    _parts(tmp_path, 3, 0, 4, 2)
    with open_dataset(tmp_path, "x", "y") as data:
        batches = list(data.batches(4, seed))
    ids = [int(i) for batch in batches for i in batch.ids]
    assert sorted(ids) == list(range(9))
    assert [int(x) for batch in batches for x in batch.inputs[:, 0]] == ids


def test_parts_of_different_shape(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 3)), y=np.zeros(2))
    np.savez(tmp_path / "b.npz", x=np.zeros((2, 4)), y=np.zeros(2))
    with pytest.raises(DatasetError, match=r"different shapes in its files: \(3,\), \(4,\)"):
        with open_dataset(tmp_path, "x", "y") as data:
            list(data.batches(4))


def test_several_formats_and_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the folder is empty"):
        check_path(tmp_path)
    _parts(tmp_path, 2)
    (tmp_path / "more.jsonl").write_text("{}")
    with pytest.raises(ConfigError, match=r"several formats \(\.jsonl, \.npz\)"):
        check_path(tmp_path)


def test_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no reader for '\.csv', expected one of .*\.npz"):
        check_path(tmp_path / "d.csv")
