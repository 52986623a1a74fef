"""Rows that stand twice, and rows that the quantizer has seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import Finding, Measurement, Severity
from harness.accuracy import duplicates as subject
from harness.accuracy.datasets import Roles, Source
from harness.accuracy.datasets.source import ready
from harness.accuracy.duplicates import Duplicates, data_evidence, duplicates, look
from harness.config import Gate

MakeGate = Callable[..., Gate]
XY = Roles({"x": "x"}, "y")


def _source(path: Path, roles: Roles = XY, **columns: Any) -> Source:
    np.savez(path, **columns)
    return ready(path, roles, path.parent / "store")


def test_a_row_that_stands_three_times_is_repeated_twice(tmp_path: Path) -> None:
    x = np.asarray([[1, 2], [3, 4], [1, 2], [5, 6], [1, 2]], np.float32)
    found = look(_source(tmp_path / "d.npz", x=x, y=np.asarray([0, 1, 0, 1, 1])), None)
    assert found == Duplicates(5, repeated=2, contradictory=1, pairs=[(0, 2), (0, 4)])


@pytest.mark.parametrize("dtype", ["float64", "uint8", "int64", "float16"])
def test_equal_numbers_are_shared_whatever_their_datatype(tmp_path: Path, dtype: str) -> None:
    x = np.asarray([[0, 255], [7, 3], [9, 9]], np.float32)
    source = _source(tmp_path / "d.npz", x=x, y=np.arange(3))
    seen = _source(tmp_path / "c.npz", Roles({"x": "x"}), x=x[[2, 2, 1]].astype(dtype))
    found = look(source, seen)
    assert (found.shared, found.repeated) == (2, 0)
    assert [row for row, _ in found.shared_pairs] == [1, 2]
    assert found.shared_pairs[0] == (1, 2)


@pytest.mark.parametrize("dtype", ["int64", "uint32", "float64"])
def test_large_numbers_are_told_apart(tmp_path: Path, dtype: str) -> None:
    """Token numbers and dates beyond 2^24 would be the same as float32."""
    x = np.asarray([[1 << 24, 1], [(1 << 24) + 1, 1], [1 << 24, 1]]).astype(dtype)
    source = _source(tmp_path / "d.npz", x=x, y=np.arange(3))
    assert look(source, None).repeated == 1
    seen = _source(tmp_path / "c.npz", Roles({"x": "x"}), x=x[1:2].astype(np.float64))
    assert look(source, seen).shared_pairs == [(1, 0)]


def test_numbers_beyond_those_of_a_float_are_told_apart(tmp_path: Path) -> None:
    whole = np.asarray([[1 << 60], [(1 << 60) + 1]])
    assert look(_source(tmp_path / "d.npz", x=whole, y=np.arange(2)), None).repeated == 0
    real = np.asarray([[1e300], [2e300], [np.inf]])
    assert look(_source(tmp_path / "e.npz", x=real, y=np.arange(3)), None).repeated == 0


def test_of_several_inputs_all_have_to_be_equal(tmp_path: Path) -> None:
    roles = Roles({"ids": "a", "text": "b"}, "y")
    a, b = np.asarray([1, 1, 1, 2]), np.asarray(["p", "q", "p", "p"])
    found = look(_source(tmp_path / "d.npz", roles, a=a, b=b, y=np.arange(4)), None)
    assert found.pairs == [(0, 2)]


def test_rows_split_over_many_files_are_counted_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 300, (2_000, 1))
    source = _source(tmp_path / "d.npz", x=x, y=random.integers(0, 3, 2_000))
    seen = _source(tmp_path / "c.npz", Roles({"x": "x"}), x=np.arange(50)[:, None])
    whole = look(source, seen)
    monkeypatch.setattr(subject, "_PART", 2_000)
    assert look(source, seen) == whole
    assert whole.repeated == 2_000 - len(np.unique(x))
    assert whole.shared == int((x < 50).sum())


def test_a_child_process_looks(tmp_path: Path) -> None:
    x = np.asarray([[1], [1]], np.float32)
    source = _source(tmp_path / "d.npz", x=x, y=np.asarray([0, 0]))
    seen = _source(tmp_path / "c.npz", Roles({"x": "x"}), x=x[:1])
    assert duplicates(source, seen) == look(source, seen)


def _gate(make_gate: MakeGate, tmp_path: Path, x: Any, y: Any, seen: Any) -> Gate:
    np.savez(tmp_path / "d.npz", x=x, y=y)
    np.savez(tmp_path / "c.npz", x=seen)
    (tmp_path / "m.onnx").touch()
    return make_gate(dataset="d.npz", reference="m.onnx", candidate="m.onnx", calibration="c.npz")


def test_overlap_is_an_error_and_repetition_a_warning(tmp_path: Path, make_gate: MakeGate) -> None:
    x = np.asarray([[1, 2], [1, 2], [3, 4], [5, 6]], np.float32)
    gate = _gate(make_gate, tmp_path, x, np.asarray([0, 1, 0, 1]), x[3:])
    found = data_evidence(gate)
    measured = {row.name: row.value for row in found if isinstance(row, Measurement)}
    assert measured == {"duplicate_rows": 25.0, "calibration_overlap": 25.0}
    told = {row.rule: row for row in found if isinstance(row, Finding)}
    assert told["calibration-overlap"].severity is Severity.ERROR
    assert "set c.npz of 1 rows, too: row 3 (row 0 there)" in told["calibration-overlap"].message
    assert told["duplicate-rows"].severity is Severity.WARNING
    assert "1 of 4 rows (25 %)" in told["duplicate-rows"].message
    assert told["contradictory-labels"].severity is Severity.WARNING


def test_of_rows_that_stand_there_once_nothing_is_said(tmp_path: Path, make_gate: MakeGate) -> None:
    x = np.arange(8, dtype=np.float32).reshape(4, 2)
    found = data_evidence(_gate(make_gate, tmp_path, x, np.zeros(4), x + 100))
    assert [row for row in found if isinstance(row, Finding)] == []
