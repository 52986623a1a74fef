""".npy and .npz are read where they lie or streamed, whole or not at all."""

from __future__ import annotations

import zipfile
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
X = np.arange(40, dtype=np.float32).reshape(10, 4)
Y = np.arange(10) % 3


def _x(batches: list[Batch]) -> Any:
    return np.concatenate([batch.inputs["x"] for batch in batches])


@pytest.mark.parametrize("compressed", [False, True])
def test_a_npz_comes_back_in_batches(tmp_path: Path, read_all: ReadAll, compressed: bool) -> None:
    save = np.savez_compressed if compressed else np.savez
    save(tmp_path / "d.npz", x=X, y=Y, group=np.asarray(["a", "bü"] * 5))
    batches = read_all(tmp_path / "d.npz", Roles({"x": "x"}, "y", ("group",)))
    assert [len(batch.ids) for batch in batches] == [4, 4, 2]
    assert np.array_equal(_x(batches), X)
    assert np.concatenate([batch.labels for batch in batches]).tolist() == Y.tolist()
    assert batches[2].slices["group"].tolist() == ["a", "bü"]


def test_stored_arrays_are_read_where_they_lie_and_deflated_ones_are_copied(
    tmp_path: Path,
) -> None:
    np.savez(tmp_path / "stored.npz", x=X, y=Y)
    np.savez_compressed(tmp_path / "deflated.npz", x=X, y=Y)
    assert ready(tmp_path / "stored.npz", XY, tmp_path / "store").copy == ""
    assert ready(tmp_path / "deflated.npz", XY, tmp_path / "store").copy != ""


@pytest.mark.parametrize("compressed", [False, True])
def test_an_array_in_column_order_has_the_same_rows(
    tmp_path: Path, read_all: ReadAll, compressed: bool
) -> None:
    save = np.savez_compressed if compressed else np.savez
    cube = np.arange(60, dtype=np.int16).reshape(10, 2, 3)
    save(tmp_path / "d.npz", x=np.asfortranarray(cube), y=Y)
    assert np.array_equal(_x(read_all(tmp_path / "d.npz")), cube)


def test_columns_beside_each_other_as_npy(tmp_path: Path, read_all: ReadAll) -> None:
    """A .npy finds its labels beside it; so does a folder of .npy files."""
    (tmp_path / "d").mkdir()
    np.save(tmp_path / "d" / "x.npy", X)
    np.save(tmp_path / "d" / "y.npy", Y)
    for path in (tmp_path / "d" / "x.npy", tmp_path / "d"):
        assert sum(len(batch.ids) for batch in read_all(path)) == 10


def test_pickled_arrays_are_refused(tmp_path: Path, read_all: ReadAll) -> None:
    """An object array would run code while it is read."""
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "d.npz", x=np.asarray([{}, []], dtype=object), y=np.asarray([0, 1]))
        with pytest.raises(DatasetError, match="'x' holds pickled Python objects, which are never"):
            read_all(tmp_path / "d.npz")


def test_a_column_that_is_not_there(tmp_path: Path, read_all: ReadAll) -> None:
    np.savez(tmp_path / "d.npz", x=X, labels=Y, yy=Y)
    with pytest.raises(DatasetError, match="no column 'y'; did you mean 'yy'.*labels, x, yy"):
        read_all(tmp_path / "d.npz")
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(DatasetError, match="no column 'y'; columns: x"):
        read_all(tmp_path / "x.npy")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_columns_of_different_length(tmp_path: Path, read_all: ReadAll, save: Any) -> None:
    save(tmp_path / "d.npz", x=X, y=Y[:9])
    with pytest.raises(DatasetError, match="'x' has 10, 'y' has 9"):
        read_all(tmp_path / "d.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_no_rows(tmp_path: Path, read_all: ReadAll, save: Any) -> None:
    save(tmp_path / "d.npz", x=X[:0], y=Y[:0])
    with pytest.raises(DatasetError, match="has no rows"):
        read_all(tmp_path / "d.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_that_was_cut_short(tmp_path: Path, read_all: ReadAll, save: Any) -> None:
    save(tmp_path / "d.npz", x=X, y=Y)
    whole = (tmp_path / "d.npz").read_bytes()
    (tmp_path / "d.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match="cannot be read whole.*cut short"):
        read_all(tmp_path / "d.npz")


def test_a_deflated_member_with_a_changed_byte(tmp_path: Path, read_all: ReadAll) -> None:
    np.savez_compressed(tmp_path / "d.npz", x=np.random.default_rng(0).normal(size=(99, 9)), y=Y)
    with zipfile.ZipFile(tmp_path / "d.npz") as archive:
        middle = archive.getinfo("x.npy").header_offset + 3_000
    data = bytearray((tmp_path / "d.npz").read_bytes())
    data[middle] ^= 0xFF
    (tmp_path / "d.npz").write_bytes(data)
    with pytest.raises(DatasetError, match="cannot be read whole"):
        read_all(tmp_path / "d.npz", Roles({"x": "x"}, "x"))


def test_an_array_that_was_cut_short(tmp_path: Path, read_all: ReadAll) -> None:
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    whole = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(whole[:-24])
    with pytest.raises(DatasetError, match="10 rows are announced, 8 are there"):
        read_all(tmp_path / "x.npy")


def test_a_file_that_is_no_array(tmp_path: Path, read_all: ReadAll) -> None:
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("x.npy", b"hello")
        archive.writestr("y.npy", b"")
    with pytest.raises(DatasetError, match="not a NumPy array"):
        read_all(tmp_path / "d.npz")


def test_dates_and_single_values_are_refused(tmp_path: Path, read_all: ReadAll) -> None:
    np.savez(tmp_path / "d.npz", x=np.zeros(2, "M8[s]"), y=Y[:2])
    with pytest.raises(DatasetError, match="dtype datetime64"):
        read_all(tmp_path / "d.npz")
    np.savez(tmp_path / "d.npz", x=np.float32(3), y=Y[:2])
    with pytest.raises(DatasetError, match="is a single value"):
        read_all(tmp_path / "d.npz")
