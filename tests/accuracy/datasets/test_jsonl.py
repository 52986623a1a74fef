"""JSON Lines, with the line named wherever one is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.datasets import Batch, Roles
from harness.accuracy.errors import DatasetError

ReadAll = Callable[..., list[Batch]]


@pytest.fixture
def lines(tmp_path: Path, read_all: ReadAll) -> Callable[[str], list[Batch]]:
    """`lines(text)`: the rows of a file of that text."""

    def read(text: str) -> list[Batch]:
        path = tmp_path / "d.jsonl"
        path.write_text(text, encoding="utf-8")
        slices = ("group",) if "group" in text else ()
        return read_all(path, Roles({"x": "x"}, "y", slices), 5_000)

    return read


def test_objects_become_columns(lines: Callable[[str], list[Batch]]) -> None:
    """Blank lines count as nothing."""
    text = '{"x": [1, 2], "y": 0, "group": "a"}\n\n{"x": [3, 4], "y": 1, "group": "bü"}\n'
    (batch,) = lines(text)
    assert batch.inputs["x"].tolist() == [[1, 2], [3, 4]]
    assert batch.labels.tolist() == [0, 1]
    assert batch.slices["group"].tolist() == ["a", "bü"]


def test_text_rows(lines: Callable[[str], list[Batch]]) -> None:
    (batch,) = lines('{"x": "good", "y": true}\n{"x": "bad film", "y": false}')
    assert batch.inputs["x"].tolist() == ["good", "bad film"]
    assert batch.labels.tolist() == [1, 0]


def test_fractions_after_thousands_of_whole_numbers_lose_nothing(
    lines: Callable[[str], list[Batch]],
) -> None:
    """The first pieces are written as integers, and once more as floats."""
    text = "".join(f'{{"x": [{i}], "y": 0}}\n' for i in range(3_000)) + '{"x": [0.5], "y": 0}\n'
    (batch,) = lines(text)
    assert batch.inputs["x"][:, 0].tolist() == [*map(float, range(3_000)), 0.5]
    assert batch.inputs["x"].dtype == np.float64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"x": [1], "y": 0}\n{"x": [1], ', r"d.jsonl:2: not a line of JSON.*cut short"),
        ('{"x": [1], "y": 0}\n[1]\n', "d.jsonl:2: is a JSON list, expected an object"),
        ('{"x": [1], "y": 0}\n\n{"x": [1]}\n', "d.jsonl:3: has no column 'y'; columns: x"),
        ('{"x": [1], "y": null}\n', "d.jsonl:1: has no column 'y'"),
        ('{"x": [1], "y": 0}\n{"x": [1, 2], "y": 0}\n', "rows of 'x' from here on are not"),
        ('{"x": {"a": 1}, "y": 0}\n', "rows of 'x' from here on are not numbers or text"),
        ('{"x": 1, "y": 0}\n{"x": "1", "y": 0}\n', "rows of 'x' from here on are not numbers"),
        ("[" * 100_000, "not a line of JSON"),
        ("", "has no rows"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    lines: Callable[[str], list[Batch]], text: str, message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        lines(text)


def test_a_shape_that_changes_far_on_is_named_with_its_row(
    lines: Callable[[str], list[Batch]],
) -> None:
    text = '{"x": [1], "y": 0}\n' * 1_024 + '{"x": [1, 2], "y": 0}\n'
    with pytest.raises(DatasetError, match=r"shapes: \(1,\), and from row 1024 on \(2,\)"):
        lines(text)
