"""Flat copies are made once, whole or not at all, and only believed while they are whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.datasets.base import Array
from harness.accuracy.datasets.flat import FlatStore, open_copy
from harness.accuracy.errors import DatasetError

DATA = Path("eval.jsonl")


class Chunks:
    """Two pieces of rows, and how often they were read."""

    def __init__(self) -> None:
        self.read = 0

    def __iter__(self) -> Iterator[dict[str, Array]]:
        self.read += 1
        for start in (0, 3):
            numbers = np.arange(start, start + 3)
            yield {"x": numbers.astype(np.float32), "g": np.asarray([f"grün{n}" for n in numbers])}


def _copy(store: Path, chunks: Any, digest: str = "sha256:a") -> Path:
    return FlatStore(store).ensure(DATA, digest, ("x", "g"), chunks)


def test_a_copy_is_made_once_for_the_same_content(tmp_path: Path) -> None:
    chunks = Chunks()
    assert _copy(tmp_path, chunks) == _copy(tmp_path, chunks) != _copy(tmp_path, chunks, "sha256:b")
    assert chunks.read == 2


def test_numbers_and_text_come_back_by_number_and_in_order(tmp_path: Path) -> None:
    columns = open_copy(_copy(tmp_path, Chunks()))
    assert columns.rows == 6
    assert columns.read(2, 4)["g"].tolist() == ["grün2", "grün3"]
    taken = columns.take(np.asarray([5, 0, 5]))
    columns.close()
    assert taken["x"].tolist() == [5, 0, 5]
    assert taken["g"].tolist() == ["grün5", "grün0", "grün5"]


@pytest.mark.parametrize("file", ["0.bin", "1.bin", "1.ends"])
def test_a_copy_with_a_changed_byte_is_made_anew(tmp_path: Path, file: str) -> None:
    place = _copy(tmp_path, Chunks())
    data = bytearray((place / file).read_bytes())
    data[3] ^= 1
    (place / file).write_bytes(data)
    again = Chunks()
    columns = open_copy(_copy(tmp_path, again))
    assert again.read == 1
    assert columns.read(0, 6)["x"].tolist() == [0, 1, 2, 3, 4, 5]
    columns.close()


def test_nothing_is_left_of_a_copy_that_failed(tmp_path: Path) -> None:
    def broken() -> Iterator[dict[str, Array]]:
        yield from Chunks()
        raise DatasetError("row 7 cannot be read")

    with pytest.raises(DatasetError, match="row 7"):
        _copy(tmp_path, broken())
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_what_a_killed_gate_left_is_replaced(tmp_path: Path) -> None:
    place = _copy(tmp_path, Chunks())
    place.rename(place.with_suffix(".part"))
    (place.with_suffix(".part") / "columns.json").unlink()
    columns = open_copy(_copy(tmp_path, Chunks()))
    columns.close()
    assert columns.rows == 6
    assert not place.with_suffix(".part").exists()


def test_of_two_that_come_at_once_one_copies_and_the_other_waits(tmp_path: Path) -> None:
    chunks = Chunks()
    threads = [threading.Thread(target=_copy, args=(tmp_path, chunks)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert chunks.read == 1


def test_the_copies_that_were_not_used_for_longest_go(tmp_path: Path) -> None:
    first = _copy(tmp_path, Chunks(), "sha256:0")
    later = [_copy(tmp_path, Chunks(), f"sha256:{n}") for n in range(1, 9)]
    assert not first.exists()
    assert all(path.is_dir() for path in later)


def test_columns_of_different_kind_or_length_are_refused(tmp_path: Path) -> None:
    number, text = np.zeros(2), np.asarray(["a", "b"])
    with pytest.raises(DatasetError, match="eval.jsonl: column 'x' holds numbers in some rows"):
        _copy(tmp_path, [{"x": number, "g": text}, {"x": text, "g": text}])
    with pytest.raises(DatasetError, match="eval.jsonl: columns differ in their number of rows"):
        _copy(tmp_path, [{"x": number, "g": text[:1]}])


def test_a_copy_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="the copy of the data set is gone"):
        open_copy(tmp_path / "nowhere")
