"""What a batch holds, and which labels, slices and clusters are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.datasets import Batch, Roles
from harness.accuracy.datasets.roles import ANY, NUMBERS
from harness.accuracy.datasets.source import ready
from harness.accuracy.errors import DatasetError

ReadAll = Callable[..., list[Batch]]
X = np.arange(8, dtype=np.float32).reshape(2, 4)


def _labels(tmp_path: Path, read_all: ReadAll, labels: Any, kind: str = "classes") -> Any:
    np.savez(tmp_path / "d.npz", x=X, y=labels)
    return read_all(tmp_path / "d.npz", Roles({"x": "x"}, "y", kind=kind))[0].labels


def test_inputs_are_named_as_the_models_name_them(tmp_path: Path, read_all: ReadAll) -> None:
    np.savez(tmp_path / "d.npz", pixels=X, ages=np.asarray([3, 4]), y=np.asarray([0, 1]))
    (batch,) = read_all(tmp_path / "d.npz", Roles({"image": "pixels", "age": "ages"}, "y"))
    assert sorted(batch.inputs) == ["age", "image"]
    assert batch.inputs["age"].tolist() == [3, 4]
    assert batch.inputs["image"].shape == (2, 4)


def test_rows_are_taken_in_the_order_asked_for_also_twice(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X, y=np.asarray([5, 7]))
    with ready(tmp_path / "d.npz", Roles({"x": "x"}, "y"), tmp_path / "store").open() as data:
        batch = data.take(np.asarray([1, 0, 1]))
        assert data.row_bytes() == 16
    assert batch.ids.tolist() == [1, 0, 1]
    assert batch.labels.tolist() == [7, 5, 7]
    assert batch.inputs["x"][:, 0].tolist() == [4, 0, 4]


def test_clusters_are_whole_numbers_or_text(tmp_path: Path, read_all: ReadAll) -> None:
    y = np.asarray([0, 1])
    roles = Roles({"x": "x"}, "y", clusters="user")
    np.savez(tmp_path / "d.npz", x=X, y=y, user=np.asarray(["ann", "bo"]))
    (batch,) = read_all(tmp_path / "d.npz", roles)
    assert batch.clusters is not None and batch.clusters.tolist() == ["ann", "bo"]
    np.savez(tmp_path / "d.npz", x=X, y=y, user=np.asarray([1.0, np.nan]))
    with pytest.raises(DatasetError, match="'user' of row 1 is nan, expected a class or a key"):
        read_all(tmp_path / "d.npz", roles)
    np.savez(tmp_path / "d.npz", x=X, y=y, user=X)
    with pytest.raises(DatasetError, match=r"'user', clusters, has shape \(4,\) a row"):
        read_all(tmp_path / "d.npz", roles)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.asarray([0.0, np.nan]), "'y' of row 1 is nan"),
        (np.asarray([0.0, 1.5]), "'y' of row 1 is 1.5"),
        (np.eye(2), "one-hot"),
    ],
)
def test_labels_that_are_no_classes(
    tmp_path: Path, read_all: ReadAll, labels: Any, message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        _labels(tmp_path, read_all, labels)


def test_whole_floats_and_truth_values_are_classes(tmp_path: Path, read_all: ReadAll) -> None:
    assert _labels(tmp_path, read_all, np.asarray([[2.0], [1.0]])).tolist() == [2, 1]
    assert _labels(tmp_path, read_all, np.asarray([True, False])).tolist() == [1, 0]


def test_of_a_regression_a_label_is_a_finite_number(tmp_path: Path, read_all: ReadAll) -> None:
    numbers = np.asarray([0.5, -2.25], np.float32)
    assert _labels(tmp_path, read_all, numbers, NUMBERS).tolist() == [0.5, -2.25]
    for bad in (np.nan, np.inf):
        with pytest.raises(DatasetError, match="'y' of row 0 is (nan|inf), expected a finite"):
            _labels(tmp_path, read_all, np.asarray([bad, 1]), NUMBERS)
    with pytest.raises(DatasetError, match="is the text 'a', expected a number"):
        _labels(tmp_path, read_all, np.asarray(["a", "b"]), NUMBERS)


def test_a_metric_of_the_users_own_gets_labels_of_any_shape(
    tmp_path: Path, read_all: ReadAll
) -> None:
    assert _labels(tmp_path, read_all, np.ones((2, 3, 4)), ANY).shape == (2, 3, 4)
    assert _labels(tmp_path, read_all, np.asarray(["cat", "dog"]), ANY).tolist() == ["cat", "dog"]
    with pytest.raises(DatasetError, match="expected a finite number"):
        _labels(tmp_path, read_all, np.full((2, 3), np.nan), ANY)


@pytest.mark.parametrize("labels", [[1e300, 0.0], np.array([2**63, 0], np.uint64)])
def test_labels_that_no_class_can_be_are_told_as_they_are(
    tmp_path: Path, read_all: ReadAll, labels: Any
) -> None:
    with pytest.raises(DatasetError, match="'y' of row 0 is (1e.300|9223372036854775808)"):
        _labels(tmp_path, read_all, labels)
