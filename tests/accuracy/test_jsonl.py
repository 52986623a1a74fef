"""JSON Lines, with the line named wherever one is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.accuracy.datasets import open_dataset
from harness.accuracy.errors import DatasetError


def _rows(tmp_path: Path, text: str, seed: int | None = None) -> list[Any]:
    path = tmp_path / "d.jsonl"
    path.write_text(text, encoding="utf-8")
    with open_dataset(path, "x", "y", ["group"] if "group" in text else []) as data:
        return list(data.batches(2, seed))


def test_objects_become_columns(tmp_path: Path) -> None:
    """Blank lines count as nothing."""
    text = '{"x": [1, 2], "y": 0, "group": "a"}\n\n{"x": [3, 4], "y": 1, "group": "bü"}\n'
    (batch,) = _rows(tmp_path, text)
    assert batch.inputs.tolist() == [[1, 2], [3, 4]]
    assert batch.labels.tolist() == [0, 1]
    assert batch.slices["group"].tolist() == ["a", "bü"]


def test_text_rows(tmp_path: Path) -> None:
    (batch,) = _rows(tmp_path, '{"x": "good", "y": true}\n{"x": "bad film", "y": false}')
    assert batch.inputs.tolist() == ["good", "bad film"]
    assert batch.labels.tolist() == [1, 0]


def test_an_order_from_a_seed(tmp_path: Path) -> None:
    text = "".join(f'{{"x": [{i}], "y": 0}}\n' for i in range(9))
    batches = _rows(tmp_path, text, seed=3)
    ids = [int(i) for batch in batches for i in batch.ids]
    assert ids == [int(x) for batch in batches for x in batch.inputs[:, 0]] != sorted(ids)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"x": 1, "y": 0}\n{"x": 1, "y"', "d.jsonl:2: not a line of JSON"),
        ("[1, 2]\n", "d.jsonl:1: is a JSON list, expected an object"),
        ('{"x": 1, "y": 0}\n\n{"x": 1, "z": 0}', "d.jsonl:3: has no column 'y'.*columns: x, z"),
        ('{"x": 1, "y": null}', "d.jsonl:1: has no column 'y'"),
        ('{"x": [1], "y": 0}\n{"x": [1, 2], "y": 0}', "d.jsonl:1: the rows of 'x' from here on"),
        ('{"x": {}, "y": 0}', "are not numbers or text"),
        ("\n \n", "has no rows"),
        ("", "has no rows"),
        ("[" * 100_000, "not a line of JSON"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        _rows(tmp_path, text)
