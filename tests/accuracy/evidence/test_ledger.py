"""The file with every row whose answer changed."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.comparison import Comparison
from harness.accuracy.counting import Counts
from harness.accuracy.evidence import Ledger

Compared = Callable[..., Comparison]


def _block(compared: Compared) -> Counts:
    """120 rows, all of them changed: more than a page shows."""
    labels = np.arange(120) % 3
    first = np.eye(3)[labels]
    counts = compared(labels, first, np.roll(first, 1, axis=1)).counts
    assert len(counts.flips) == 120
    return counts


def test_it_has_all_rows_of_all_blocks_with_both_outputs(
    compared: Compared, tmp_path: Path
) -> None:
    with Ledger(tmp_path / "report") as ledger:
        ledger.add(_block(compared))
        ledger.add(_block(compared))
    assert ledger.path == tmp_path / "report" / "flips.jsonl"
    rows = [json.loads(line) for line in ledger.path.read_text().splitlines()]
    assert [row["row"] for row in rows] == [*range(120)] * 2
    assert rows[1] == {
        "row": 1,
        "label": "1",
        "reference": "1",
        "candidate": "2",
        "harmful": True,
        "margin": 1.0,
        "reference_scores": [0.0, 1.0, 0.0],
        "candidate_scores": [0.0, 0.0, 1.0],
        "reference_classes": [],
        "candidate_classes": [],
    }


def test_scores_that_are_no_numbers_are_null(compared: Compared, tmp_path: Path) -> None:
    broken = np.array([[np.nan, 1.0], [0.0, 1.0]])
    with Ledger(tmp_path) as ledger:
        ledger.add(compared([1, 1], [[0.0, 1.0]] * 2, broken).counts)
    assert ledger.path is not None
    (row,) = [json.loads(line) for line in ledger.path.read_text().splitlines()]
    assert (row["candidate"], row["candidate_scores"]) == ("none", [None, 1.0])


def test_without_changes_there_is_no_file_and_no_older_one(
    compared: Compared, tmp_path: Path
) -> None:
    (tmp_path / "flips.jsonl").write_text("of an earlier run")
    with Ledger(tmp_path) as ledger:
        ledger.add(compared([0, 1], [0, 1], [0, 1]).counts)
    assert ledger.path is None
    assert not list(tmp_path.iterdir())


def test_an_evaluation_that_fails_leaves_no_half_of_a_file(
    compared: Compared, tmp_path: Path
) -> None:
    with pytest.raises(KeyError), Ledger(tmp_path) as ledger:
        ledger.add(_block(compared))
        raise KeyError
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="needs pyarrow")
def test_very_many_rows_become_parquet(compared: Compared, tmp_path: Path) -> None:
    from pyarrow import parquet

    with Ledger(tmp_path, many=100) as ledger:
        ledger.add(_block(compared))
    assert [path.name for path in tmp_path.iterdir()] == ["flips.parquet"]
    table = parquet.read_table(ledger.path)
    assert table.num_rows == 120
    assert table["reference_scores"][1].as_py() == [0.0, 1.0, 0.0]
