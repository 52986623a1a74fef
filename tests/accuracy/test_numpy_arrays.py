""".npy and .npz are read row by row, whole or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.datasets import open_dataset
from harness.accuracy.errors import DatasetError

X = np.arange(40, dtype=np.float32).reshape(10, 4)
Y = np.arange(10) % 3


def _rows(path: Path, size: int = 4, seed: int | None = None, **names: Any) -> list[Any]:
    with open_dataset(path, "x", "y", **names) as data:
        return list(data.batches(size, seed))


@pytest.mark.parametrize("compressed", [False, True])
def test_a_npz_comes_back_in_batches(tmp_path: Path, compressed: bool) -> None:
    """Stored members are read in place, deflated ones from a copy."""
    save = np.savez_compressed if compressed else np.savez
    save(tmp_path / "d.npz", x=X, y=Y, group=np.asarray(["a", "b"] * 5))
    batches = _rows(tmp_path / "d.npz", slices=["group"])
    assert [len(batch.ids) for batch in batches] == [4, 4, 2]
    assert np.array_equal(np.concatenate([batch.inputs for batch in batches]), X)
    assert np.concatenate([batch.labels for batch in batches]).tolist() == Y.tolist()
    assert batches[2].slices["group"].tolist() == ["a", "b"]


def test_a_seed_gives_one_order_and_every_row_once(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X, y=Y)
    first, second = _rows(tmp_path / "d.npz", seed=7), _rows(tmp_path / "d.npz", seed=7)
    ids = np.concatenate([batch.ids for batch in first])
    assert sorted(ids.tolist()) == list(range(10)) != ids.tolist()
    assert ids.tolist() == np.concatenate([batch.ids for batch in second]).tolist()
    assert np.array_equal(np.concatenate([batch.inputs for batch in first]), X[ids])


def test_columns_beside_each_other_as_npy(tmp_path: Path) -> None:
    """A .npy finds its labels beside it; so does a folder of .npy files."""
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    for path in (tmp_path / "x.npy", tmp_path):
        assert sum(len(batch.ids) for batch in _rows(path)) == 10


def test_an_array_in_column_order_has_the_same_rows(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.asfortranarray(X), y=Y)
    assert np.array_equal(_rows(tmp_path / "d.npz", 10)[0].inputs, X)
    assert np.array_equal(
        np.sort(_rows(tmp_path / "d.npz", 10, seed=1)[0].inputs, axis=0), np.sort(X, axis=0)
    )


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    """An object array would run code while it is read."""
    np.savez(tmp_path / "d.npz", x=np.asarray([{}, []], dtype=object), y=np.asarray([0, 1]))
    with pytest.raises(DatasetError, match="'x' holds pickled Python objects, which are never"):
        _rows(tmp_path / "d.npz")


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X, labels=Y, yy=Y)
    with pytest.raises(DatasetError, match="no column 'y'; did you mean 'yy'.*labels, x, yy"):
        _rows(tmp_path / "d.npz")
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(DatasetError, match="no column 'y'; columns: x"):
        _rows(tmp_path / "x.npy")


def test_columns_of_different_length(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X, y=Y[:9])
    with pytest.raises(DatasetError, match="'x' has 10, 'y' has 9"):
        _rows(tmp_path / "d.npz")


def test_no_rows(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X[:0], y=Y[:0])
    with pytest.raises(DatasetError, match="has no rows"):
        _rows(tmp_path / "d.npz")


def test_an_archive_that_was_cut_short(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X, y=Y)
    whole = (tmp_path / "d.npz").read_bytes()
    (tmp_path / "d.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match="cannot be read whole.*cut short"):
        _rows(tmp_path / "d.npz")


def test_an_array_that_was_cut_short(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    whole = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(whole[:-24])
    with pytest.raises(DatasetError, match="10 rows are announced, 8 are there"):
        _rows(tmp_path / "x.npy")


def test_a_file_that_is_no_array(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("x.npy", b"hello")
        archive.writestr("y.npy", b"")
    with pytest.raises(DatasetError, match="not a NumPy array"):
        _rows(tmp_path / "d.npz")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.asarray([0.0, np.nan]), "label 'y' of row 1 is nan"),
        (np.asarray([0.0, 1.5]), "label 'y' of row 1 is 1.5"),
        (np.eye(2), "one-hot"),
    ],
)
def test_labels_that_are_no_classes(tmp_path: Path, labels: Any, message: str) -> None:
    np.savez(tmp_path / "d.npz", x=X[:2], y=labels)
    with pytest.raises(DatasetError, match=message):
        _rows(tmp_path / "d.npz")


def test_whole_floats_and_truth_values_are_classes(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X[:2], y=np.asarray([[2.0], [1.0]]))
    assert _rows(tmp_path / "d.npz")[0].labels.tolist() == [2, 1]
    np.savez(tmp_path / "d.npz", x=X[:2], y=np.asarray([True, False]))
    assert _rows(tmp_path / "d.npz")[0].labels.tolist() == [1, 0]


def test_dates_and_structures_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.zeros(2, "M8[s]"), y=Y[:2])
    with pytest.raises(DatasetError, match="dtype datetime64"):
        _rows(tmp_path / "d.npz")
    np.savez(tmp_path / "d.npz", x=np.float32(3), y=Y[:2])
    with pytest.raises(DatasetError, match="is a single value"):
        _rows(tmp_path / "d.npz")
